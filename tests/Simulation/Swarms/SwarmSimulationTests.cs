using Shoal.Harness.Content;
using Xunit;

namespace Shoal.Simulation.Swarms;

public sealed class SwarmSimulationTests(ITestOutputHelper output)
{
    private const double MB = 1e6;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 2)]
    [InlineData(50, 3)]
    public void Finishes_WhenOneSeedServesMany(int downloaders, int seed)
    {
        var city = City(seed, 8);
        city.Add(isSeed: true, up: 2 * MB, down: 10 * MB);
        for (var i = 0; i < downloaders; i++) city.Add(isSeed: false, up: 2 * MB, down: 10 * MB, knowsLayers: i % 2 == 0);
        city.Introduce();

        AssertAllFinish(city, 3);
        AssertClean(city);
    }

    [Fact]
    public void Finishes_WhenSeedsAreMany()
    {
        var city = City(4, 8);
        for (var i = 0; i < 5; i++) city.Add(isSeed: true, up: 1 * MB, down: 10 * MB);
        city.Add(isSeed: false, up: 1 * MB, down: 100 * MB);
        city.Introduce();

        AssertAllFinish(city, 2);
        AssertClean(city);
    }

    [Fact]
    public void Finishes_WhenAThirdLeavesMidway()
    {
        var city = City(5, 8);
        city.Add(isSeed: true, up: 2 * MB, down: 10 * MB);
        for (var i = 0; i < 30; i++) city.Add(isSeed: false, up: 2 * MB, down: 10 * MB);
        city.Introduce();
        city.RunUntil(() => city.Now > TimeSpan.FromSeconds(3), Limit);
        foreach (var node in city.Nodes.Where((_, i) => i % 3 == 2)) node.Leave();

        AssertAllFinish(city, 3);
        AssertClean(city);
    }

    [Fact]
    public void Finishes_WhenAmongTheSeedsAreALiarAStallerAndASlowOne()
    {
        var city = City(6, 8);
        var liar = city.Add(isSeed: true, up: 2 * MB, down: 10 * MB, SimBehaviour.Liar);
        city.Add(isSeed: true, up: 2 * MB, down: 10 * MB, SimBehaviour.Staller);
        city.Add(isSeed: true, up: 0.03 * MB, down: 10 * MB);
        city.Add(isSeed: true, up: 2 * MB, down: 10 * MB);
        for (var i = 0; i < 8; i++) city.Add(isSeed: false, up: 2 * MB, down: 10 * MB, knowsLayers: i % 2 == 0);
        city.Introduce();

        AssertAllFinish(city, 6);
        Assert.All(city.Nodes, n => Assert.DoesNotContain(n.Banned, e => e != liar.EndPoint));
        AssertClean(city);
    }

    [Fact]
    public void FinishesAlone_WhenHalfOfTheSeedsLie()
    {
        var city = City(7, 4);
        var liars = Enumerable.Range(0, 3).Select(_ => city.Add(isSeed: true, up: 2 * MB, down: 10 * MB, SimBehaviour.Liar).EndPoint).ToHashSet();
        for (var i = 0; i < 3; i++) city.Add(isSeed: true, up: 2 * MB, down: 10 * MB);
        var downloader = city.Add(isSeed: false, up: 2 * MB, down: 100 * MB);
        city.Introduce();

        AssertAllFinish(city, 8);
        Assert.All(downloader.Banned, e => Assert.Contains(e, liars));
        AssertClean(city);
    }

    [Fact]
    public void Finishes_WhenEachKnowsOneOther_AndNextToNothingPassesAlongTheChain()
    {
        var city = City(9, 4);
        city.Add(isSeed: true, up: 2 * MB, down: 10 * MB);
        for (var i = 0; i < 12; i++) city.Add(isSeed: false, up: i == 0 ? 0.01 * MB : 1 * MB, down: 10 * MB);
        city.IntroduceInAChain();

        var done = city.RunUntil(() => city.Nodes.All(n => n.IsComplete), TimeSpan.FromMinutes(2));

        output.WriteLine($"{city.Now.TotalSeconds:0.0} s; the first link of the chain alone takes {city.Torrent.Info.Length / (0.01 * MB):0} s");
        Assert.True(done, string.Join('\n', city.Nodes.Where(n => !n.IsComplete).Select(n => n.Describe())));
        AssertClean(city);
    }

    [Fact]
    public void FillsALongFatPath()
    {
        var city = new SimCity(new SeededTorrent(8, 1 << 20, 96 << 20), 8) { Latency = TimeSpan.FromMilliseconds(100) };
        city.Add(isSeed: true, up: 125 * MB, down: 125 * MB);
        var downloader = city.Add(isSeed: false, up: 125 * MB, down: 125 * MB, memory: 64 << 20);
        city.Introduce();

        Assert.True(city.RunUntil(() => downloader.IsComplete, Limit));
        output.WriteLine($"96 MiB over 200 ms at 1 Gbit/s in {city.Now.TotalSeconds:0.00} s; the wire alone needs {(96 << 20) / (125 * MB):0.00} s");
        Assert.True(city.Now < TimeSpan.FromSeconds(6));
    }

    [Fact]
    public void FetchesPiecesTooLargeForTheMemory_AndOnlyTheLiarIsBanned()
    {
        var city = new SimCity(new SeededTorrent(9, 1 << 20, 12 << 20, 700_000), 9);
        city.Add(isSeed: true, up: 4 * MB, down: 10 * MB);
        var liar = city.Add(isSeed: true, up: 4 * MB, down: 10 * MB, SimBehaviour.Liar);
        var downloaders = Enumerable.Range(0, 6).Select(_ => city.Add(isSeed: false, up: 4 * MB, down: 10 * MB, memory: 4 << 20)).ToList();
        city.Introduce();

        var most = 0L;
        var isDone = city.RunUntil(() => (most = Math.Max(most, downloaders.Max(n => n.Buffers.Leased))) >= 0 && downloaders.All(n => n.IsComplete), Limit);

        output.WriteLine($"12.7 MB in pieces of 1 MiB, 4 MiB of memory, in {city.Now.TotalSeconds:0.0} s; at most {most >> 10} KiB leased; wasted {downloaders.Sum(n => n.Wasted) / 1e6:0.0} MB");
        Assert.True(isDone, string.Join("; ", downloaders.Select(n => n.Describe())));
        Assert.True(most <= 2 << 20);
        Assert.All(downloaders, n => Assert.True(n.Runs >= 48));
        Assert.All(downloaders, n => Assert.All(n.Banned, b => Assert.Equal(liar.EndPoint, b)));
        Assert.Contains(downloaders, n => n.Banned.Count > 0);
        Assert.All(downloaders, n => Assert.True(n.Runs <= 48 + 3 + 32, $"{n.Runs} runs were stored")); // each lie costs its run again, and no other
        AssertClean(city);
    }

    [Fact]
    public void LeavesTheSameTrace_WhenTheSeedIsTheSame()
    {
        var first = Run(11);
        var second = Run(11);
        var other = Run(12);

        Assert.Equal(first, second);
        Assert.NotEqual(first, other);

        static (ulong, long, TimeSpan) Run(int seed)
        {
            var city = City(seed, 2);
            city.Add(isSeed: true, up: 2 * MB, down: 10 * MB);
            for (var i = 0; i < 8; i++) city.Add(isSeed: false, up: 2 * MB, down: 10 * MB);
            city.Introduce();
            city.RunUntil(() => city.Nodes.All(n => n.IsComplete), Limit);
            return (city.Trace, city.Events, city.Now);
        }
    }

    private static SimCity City(int seed, int megabytes) => new(new SeededTorrent(seed, 1 << 16, megabytes << 20, 100_000, 1, 70_000), seed);

    /// <summary>The fluid limit: no swarm can be faster than the seeds can say each byte once, nor than all uplinks together can carry all copies.</summary>
    private void AssertAllFinish(SimCity city, double factor)
    {
        var downloaders = city.Nodes.Where(n => !n.IsGone && !n.IsComplete).ToList();
        var length = (double)city.Torrent.Info.Length;
        var givers = city.Nodes.Where(n => !n.IsGone && n.Gives).ToList();
        var fluid = new[]
        {
            length / givers.Where(n => n.IsComplete).Sum(n => n.Up),
            downloaders.Count * length / givers.Sum(n => n.Up),
            downloaders.Max(n => length / n.Down),
        }.Max();

        var isDone = city.RunUntil(() => downloaders.All(n => n.IsComplete), Limit);

        var wasted = downloaders.Sum(n => n.Wasted);
        output.WriteLine($"{downloaders.Count} downloaders in {city.Now.TotalSeconds:0.0} s, fluid limit {fluid:0.0} s: factor {city.Now.TotalSeconds / fluid:0.00}; wasted {wasted / 1e6:0.0} MB; {city.Events} events");
        Assert.True(isDone, string.Join("; ", downloaders.Where(n => !n.IsComplete).Select(n => n.Describe())));
        Assert.True(city.Now.TotalSeconds < fluid * factor + 5, $"took {city.Now.TotalSeconds / fluid:0.00} times the fluid limit");
    }

    private static void AssertClean(SimCity city)
    {
        city.RunUntil(() => false, city.Now + TimeSpan.FromSeconds(5));
        foreach (var node in city.Nodes.ToList()) node.Leave();
        city.RunUntil(() => false, city.Now + TimeSpan.FromSeconds(5));

        Assert.All(city.Nodes, n => Assert.Equal(0, n.Buffers.Leased));
    }
}
