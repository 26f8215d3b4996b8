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

    [Fact]
    public void TheLastOfACrowdIsNotFarBehind() => Crowd(peers: 200, seed: 1, memory: 16 << 20, most: 1.55);

    [Theory(Explicit = true)]
    [InlineData(2)]
    [InlineData(3)]
    public void TheLastOfACrowdIsNotFarBehind_WhateverTheSeed(int seed) => Crowd(peers: 200, seed, memory: 16 << 20, most: 1.55);

    /// <summary>Takes minutes: as many nodes as a popular torrent has, with little memory each.</summary>
    [Fact(Explicit = true)]
    public void AThousandComeAndGo() => Crowd(peers: 1000, seed: 5, memory: 4 << 20, most: 3);

    /// <summary>Uplinks of 1 to 10 Mbit/s, downlinks of 10 to 50, a seed of 40 for each 200, and each minute a tenth of those there vanishes, done or not.</summary>
    /// <param name="most">By what the last may exceed the fluid limit.</param>
    private void Crowd(int peers, int seed, long memory, double most)
    {
        var random = new Random(seed);
        var city = new SimCity(new SeededTorrent(seed, 1 << 18, 32 << 20), seed);
        for (var i = 0; i < peers / 200; i++) city.Add(isSeed: true, up: 40 * Mbit, down: 100 * Mbit);
        for (var i = 0; i < peers; i++) city.Add(isSeed: false, up: random.Next(1, 11) * Mbit, down: random.Next(10, 51) * Mbit, memory: memory);
        city.Introduce(acquaintances: 60);
        Leave();
        var downloaders = city.Nodes.Where(n => !n.WasSeed).ToList();

        Assert.True(city.RunUntil(() => downloaders.TrueForAll(n => n.IsComplete || n.IsGone), Limit), "not all are done");

        var done = downloaders.Where(n => n.CompletedAt is not null).Select(n => n.CompletedAt!.Value.TotalSeconds).Order().ToList();
        var fluid = FluidLimit(city);
        output.WriteLine($"{peers} peers, {done.Count} done: half after {done[done.Count / 2]:0.0} s, 95 % after {done[done.Count * 95 / 100]:0.0} s, the last after {done[^1]:0.0} s; fluid limit {fluid:0.0} s: {done[done.Count * 95 / 100] / fluid:0.00} and {done[^1] / fluid:0.00} times; wasted {downloaders.Sum(n => n.Wasted) / 1e6:0.0} of {city.Nodes.Sum(n => n.Uploaded) / 1e6:0} MB, {city.Events} events");
        Assert.True(done[^1] / fluid < most, $"{done[^1] / fluid:0.00} times the fluid limit");

        void Leave()
        {
            var here = city.Nodes.Where(n => !n.IsGone && !n.WasSeed).ToList();
            if (here.Count > 0) here[random.Next(here.Count)].Leave();
            city.After(TimeSpan.FromSeconds(60 / (here.Count * 0.1 + 0.001)), Leave);
        }
    }

    /// <summary>
    /// Before that, nobody can have served all who stayed to the end, whoever decided and whatever he foresaw: the seeds must say each byte once, all uplinks, each for as long as it
    /// was there, must carry a copy for each, and each must take one in. What went to those who left is not counted, nor the time until a first piece can be passed on.
    /// </summary>
    private static double FluidLimit(SimCity city)
    {
        var (stayed, length) = (city.Nodes.Where(n => !n.WasSeed && !n.IsGone).ToList(), (double)city.Torrent.Info.Length);
        var (low, high) = (0.0, Limit.TotalSeconds);
        while (high - low > 0.001)
        {
            var middle = (low + high) / 2;
            if (city.Nodes.Where(n => n.Gives).Sum(n => n.Up * Math.Min(middle, n.LeftAt?.TotalSeconds ?? middle)) < stayed.Count * length) low = middle;
            else high = middle;
        }

        return new[] { high, length / city.Nodes.Where(n => n.WasSeed).Sum(n => n.Up), stayed.Max(n => length / n.Down) }.Max();
    }

    private static double Mean(SimCity city, SimBehaviour behaviour) => city.Nodes.Where(n => n.CompletedAt > TimeSpan.FromSeconds(1) && n.Behaviour == behaviour).Average(n => n.CompletedAt!.Value.TotalSeconds);

    /// <summary>No swarm can be faster than its seeds can say each byte once, nor than all uplinks together can carry all copies, nor than the slowest downlink.</summary>
    private double Run(SimCity city)
    {
        var (downloaders, length) = (city.Nodes.Where(n => !n.IsComplete).ToList(), (double)city.Torrent.Info.Length);
        var givers = city.Nodes.Where(n => n.Behaviour == SimBehaviour.Honest).ToList();
        var fluid = new[] { length / givers.Where(n => n.IsComplete).Sum(n => n.Up), downloaders.Count * length / givers.Sum(n => n.Up), downloaders.Max(n => length / n.Down) }.Max();

        Assert.True(city.RunUntil(() => downloaders.TrueForAll(n => n.IsComplete || n.IsGone), Limit), "not all are done");

        var done = downloaders.Where(n => n.IsComplete).Select(n => n.CompletedAt!.Value.TotalSeconds).Order().ToList();
        output.WriteLine($"{downloaders.Count} downloaders, {done.Count} done: the last after {done[^1]:0.0} s, half after {done[done.Count / 2]:0.0} s, 95 % after {done[done.Count * 95 / 100]:0.0} s; fluid limit {fluid:0.0} s: ratio {done[^1] / fluid:0.00}, {city.Events} events, wasted {downloaders.Sum(n => n.Wasted) / 1e6:0.0} MB");
        return done[^1] / fluid;
    }
}
