using Shoal.Core;
using Xunit;

namespace Shoal.Simulation.Dht;

public sealed class HostileNetworkTests(ITestOutputHelper output)
{
    /// <summary>The liars of one key stay for the next, so that the last meets 160 of them.</summary>
    [Fact]
    public void FindsKey_WhenLiarsStandClosestToIt() => AssertFound(FindKeys(31));

    /// <summary>Minutes long: <c>./build simulate</c> runs it.</summary>
    [Fact(Explicit = true)]
    public void FindsKey_WhenLiarsStandClosestToIt_WithAnySeed()
    {
        var all = new LookupFigures();
        for (var seed = 310; seed < 316; seed++) all.Add(FindKeys(seed));
        AssertFound(all);
    }

    private static void AssertFound(LookupFigures figures) => Assert.True(figures.Share >= 0.99, $"{figures.Found} of {figures.Count}");

    private LookupFigures FindKeys(int seed)
    {
        const int Keys = 5;
        var city = DhtCity.Of(1000, seed, TimeSpan.FromSeconds(100), global: true);
        city.Network.RunFor(TimeSpan.FromMinutes(16));
        var figures = new LookupFigures();
        for (var k = 0; k < Keys; k++)
        {
            var key = Hash160.Random(city.Network.Random);
            var liars = new Liars(city, key, 32);
            liars.Spread();
            city.Network.RunFor(TimeSpan.FromMinutes(2));

            var announcer = city.Anybody();
            city.Announce(announcer, key, 9000);
            city.Network.RunFor(TimeSpan.FromSeconds(30));
            var before = liars.Lies;
            for (var i = 0; i < 40; i++) figures.Add(city.Find(city.Anybody(), key), announcer.EndPoint.WithPort(9000));
            city.Network.RunFor(TimeSpan.FromSeconds(30));

            Assert.True(liars.Lies > before, "nobody asked them: they were not in the way");
        }

        output.WriteLine(figures.Table($"32 liars around each key, 1,000 nodes, seed {seed}"));
        return figures;
    }

    /// <summary>They stand in a region and name its nodes to whoever maps it, under IDs that those do not have.</summary>
    [Fact]
    public void AnnouncesToAllOfRegion_ThoughLiarsNameThemFalsely()
    {
        const int RegionBits = 2;
        var city = DhtCity.Of(80, 33, TimeSpan.FromSeconds(60), global: true);
        city.Network.RunFor(TimeSpan.FromMinutes(10));
        var key = Hash160.Random(city.Network.Random);
        var slandered = city.Residents.Where(r => (r.Node.Id.Value ^ key).LeadingZeros >= RegionBits).ToList();
        var keys = Enumerable.Range(0, 40).Select(_ => Beside(key, 12, city.Network.Random)).ToList();
        var liars = new Liars(city, key, 4) { Names = () => slandered.Select(r => (new NodeId(Beside(key, RegionBits, city.Network.Random)), r.EndPoint)) };
        liars.Spread();
        city.Network.RunFor(TimeSpan.FromMinutes(2));

        var announcer = city.Residents.First(r => !slandered.Contains(r) && liars.EndPoints.All(l => r.Node.Table.Find(l) is not null));
        city.AnnounceMany(announcer, keys, 9000);
        Assert.True(city.Network.RunUntil(() => announcer.Announced.Count >= keys.Count, TimeSpan.FromMinutes(2)));
        city.Network.RunFor(TimeSpan.FromSeconds(10));

        var room = new NetEndPoint[16];
        var missed = keys.Sum(k => city.Residents.OrderBy(r => r.Node.Id.Value ^ k).Take(4).Count(r => r != announcer && r.Node.Store.Sample(k, NetworkScope.None, city.Network.Now, room) == 0));
        output.WriteLine($"{slandered.Count} nodes in the region; {missed} of {4 * keys.Count} do not have what they should");
        Assert.Equal(0, missed);
    }

    private static Hash160 Beside(Hash160 key, int bits, Random random)
    {
        var other = Hash160.Random(random);
        for (var bit = 0; bit < bits; bit++)
            if ((other ^ key).LeadingZeros == bit) other = other.Flip(bit);
        return other;
    }

    [Fact]
    public void FindsEverythingAgain_WhenHalfOfAllNodesAreGoneAtOnce()
    {
        var city = DhtCity.Of(1000, 32, TimeSpan.FromSeconds(100));
        city.Network.RunFor(TimeSpan.FromMinutes(10));
        var staying = city.Residents.Where((_, i) => i % 2 == 0).ToHashSet();
        var keys = Enumerable.Range(0, 50).Select(_ => (Key: Hash160.Random(city.Network.Random), By: city.AnybodyOf(staying))).ToList();
        foreach (var (key, by) in keys) city.Announce(by, key, 9000);
        city.Network.RunFor(TimeSpan.FromSeconds(30));
        foreach (var resident in city.Residents.Where(r => !staying.Contains(r)).ToList()) city.Leave(resident);

        var figures = new Dictionary<int, LookupFigures>();
        foreach (var minute in (int[])[0, 1, 5, 20])
        {
            city.Network.RunUntil(TimeSpan.FromSeconds(130 + 630 + 60 * minute));
            figures[minute] = new LookupFigures();
            foreach (var (key, by) in keys) figures[minute].Add(city.Find(city.Anybody(), key), by.EndPoint.WithPort(9000));
            city.Network.RunFor(TimeSpan.FromSeconds(30));
            output.WriteLine(figures[minute].Table($"half gone, {minute} minutes later"));
        }

        Assert.True(figures[20].Share >= 0.99, $"seed {city.Network.Seed}");
        Assert.All(staying.Where((_, i) => i % 50 == 0), r => Assert.True(r.Node.Table.Usable > 20));
    }
}
