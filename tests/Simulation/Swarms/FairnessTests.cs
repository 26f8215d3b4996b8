using Shoal.Harness.Content;
using Xunit;

namespace Shoal.Simulation.Swarms;

/// <summary>How near a swarm comes to the fluid limit, and whether those who give are given more.</summary>
public sealed class FairnessTests(ITestOutputHelper output)
{
    private const double Mbit = 1e6 / 8;
    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(4)]
    [InlineData(20)]
    public void ComesNearTheFluidLimit(int downloaders)
    {
        var city = new SimCity(new SeededTorrent(1, 1 << 18, 96 << 20), downloaders);
        city.Add(isSeed: true, up: 40 * Mbit, down: 200 * Mbit);
        for (var i = 0; i < downloaders; i++) city.Add(isSeed: false, up: 40 * Mbit, down: 200 * Mbit);
        city.Introduce();

        var ratio = Run(city);

        var seed = city.Nodes.First(n => n.WasSeed);
        output.WriteLine($"the seed sent {seed.Uploaded / 1e6:0.0} MB, of which {(seed.Uploaded - seed.Distinct) / 1e6:0.0} not for the first time");
        Assert.True(ratio < 1.2, $"{ratio:0.00} times the fluid limit");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void FreeRidersAreWorseOff(int seed)
    {
        var city = new SimCity(new SeededTorrent(seed, 1 << 18, 48 << 20), seed);
        city.Add(isSeed: true, up: 8 * Mbit, down: 40 * Mbit);
        for (var i = 0; i < 30; i++) city.Add(isSeed: false, up: 4 * Mbit, down: 40 * Mbit, i % 3 == 0 ? SimBehaviour.FreeRider : SimBehaviour.Honest);
        city.Introduce();

        Run(city);

        var (free, giving) = (Mean(city, SimBehaviour.FreeRider), Mean(city, SimBehaviour.Honest));
        output.WriteLine($"contributors after {giving:0.0} s, free riders after {free:0.0} s: {free / giving:0.00} times as long");
        Assert.True(free > giving * 1.1);
    }

    /// <summary>Takes minutes: as many nodes as a popular torrent has, of whom a tenth leaves each minute and another comes.</summary>
    [Fact(Explicit = true)]
    public void AThousandComeAndGo()
    {
        var random = new Random(5);
        var city = new SimCity(new SeededTorrent(5, 1 << 18, 32 << 20), 5);
        for (var i = 0; i < 5; i++) city.Add(isSeed: true, up: 40 * Mbit, down: 100 * Mbit);
        for (var i = 0; i < 1000; i++) city.Add(isSeed: false, up: random.Next(1, 11) * Mbit, down: random.Next(10, 51) * Mbit, memory: 4 << 20);
        city.Introduce(acquaintances: 60);
        Leave();

        var ratio = Run(city, share: 0.95);

        Assert.True(ratio < 3, $"{ratio:0.00} times the fluid limit");

        void Leave()
        {
            var here = city.Nodes.Where(n => !n.IsGone && !n.WasSeed).ToList();
            if (here.Count > 0) here[random.Next(here.Count)].Leave();
            city.After(TimeSpan.FromSeconds(60 / (here.Count * 0.1 + 0.001)), Leave);
        }
    }

    private static double Mean(SimCity city, SimBehaviour behaviour) => city.Nodes.Where(n => n.CompletedAt > TimeSpan.FromSeconds(1) && n.Behaviour == behaviour).Average(n => n.CompletedAt!.Value.TotalSeconds);

    /// <summary>No swarm can be faster than its seeds can say each byte once, nor than all uplinks together can carry all copies, nor than the slowest downlink.</summary>
    /// <param name="share">Of the downloaders, until whose end it counts.</param>
    private double Run(SimCity city, double share = 1)
    {
        var (downloaders, length) = (city.Nodes.Where(n => !n.IsComplete).ToList(), (double)city.Torrent.Info.Length);
        var givers = city.Nodes.Where(n => n.Behaviour == SimBehaviour.Honest).ToList();
        var fluid = new[] { length / givers.Where(n => n.IsComplete).Sum(n => n.Up), downloaders.Count * length / givers.Sum(n => n.Up), downloaders.Max(n => length / n.Down) }.Max();

        Assert.True(city.RunUntil(() => downloaders.TrueForAll(n => n.IsComplete || n.IsGone), Limit), "not all are done");

        var done = downloaders.Where(n => n.IsComplete).Select(n => n.CompletedAt!.Value.TotalSeconds).Order().ToList();
        output.WriteLine($"{downloaders.Count} downloaders, {done.Count} done: the last after {done[^1]:0.0} s, half after {done[done.Count / 2]:0.0} s, 95 % after {done[done.Count * 95 / 100]:0.0} s; fluid limit {fluid:0.0} s: ratio {done[^1] / fluid:0.00}, {city.Events} events, wasted {downloaders.Sum(n => n.Wasted) / 1e6:0.0} MB");
        return done[(int)Math.Ceiling(done.Count * share) - 1] / fluid;
    }
}
