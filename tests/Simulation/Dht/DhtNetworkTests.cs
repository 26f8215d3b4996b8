using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Routing;
using Xunit;

namespace Shoal.Simulation.Dht;

public sealed class DhtNetworkTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void FindsFirstNodeAlone_ByWhatItSaysOfItself()
    {
        var city = new DhtCity(1);
        var first = city.Settle();
        var key = Hash160.Random(city.Network.Random);
        city.Announce(first, key, 9000);

        var late = city.Settle(first);
        var finding = city.Find(late, key);
        city.Network.RunUntil(() => finding.Ended, Patience);

        var peer = Assert.Single(finding.Peers);
        Assert.Equal(first.EndPoint.WithPort(9000), peer.EndPoint);
        Assert.Equal(1, peer.Hops);
        Assert.Equal(first.EndPoint, peer.Contact);
    }

    [Fact]
    public void AsksBootstrapForPeersAtOnce()
    {
        var city = new DhtCity(2) { Network = { Jitter = TimeSpan.Zero } };
        var first = city.Settle();
        var key = Hash160.Random(city.Network.Random);
        city.Announce(first, key, 9000);

        var finding = city.Find(city.Settle(first), key);
        city.Network.RunUntil(() => finding.Peers.Count > 0, Patience);

        Assert.Equal(2 * city.Network.Latency, finding.Peers[0].Elapsed);
    }

    [Fact]
    public void GoesOnWithLookup_WhenBootstrapComesLate()
    {
        var city = new DhtCity(3);
        var first = city.Settle();
        var key = Hash160.Random(city.Network.Random);
        city.Announce(first, key, 9000);
        city.Network.Partition = e => e == first.EndPoint ? 1 : 0;

        var finding = city.Find(city.Settle(first), key);
        city.Network.RunFor(TimeSpan.FromSeconds(3));
        city.Network.Partition = null;

        Assert.Empty(finding.Peers);
        Assert.True(city.Network.RunUntil(() => finding.Ended, TimeSpan.FromSeconds(5)));
        Assert.Single(finding.Peers);
    }

    [Fact]
    public void RepeatsAnnouncement_WhenTableGainsContact()
    {
        var city = new DhtCity(4);
        var first = city.Settle();
        var key = Hash160.Random(city.Network.Random);
        city.Announce(first, key, 9000);
        var second = city.Settle(first);
        city.Network.RunFor(TimeSpan.FromSeconds(5));
        city.Leave(first);

        var finding = city.Find(second, key);
        city.Network.RunFor(Patience);

        Assert.Contains(finding.Peers, p => p.EndPoint == first.EndPoint.WithPort(9000));
        Assert.Equal(1, first.Announced[^1].Result.Nodes);
    }

    [Fact]
    public void StopsBeingFound_WhenAnnouncementIsWithdrawnAndExpires()
    {
        var city = DhtCity.Of(20, 5, TimeSpan.FromSeconds(5));
        var key = Hash160.Random(city.Network.Random);
        city.Announce(city.Residents[3], key, 9000);
        city.Network.RunFor(TimeSpan.FromSeconds(5));
        city.Residents[3].Node.Withdraw(key);

        city.Network.RunFor(TimeSpan.FromMinutes(20));
        var before = city.Find(city.Residents[7], key);
        city.Network.RunFor(TimeSpan.FromMinutes(20));
        var after = city.Find(city.Residents[7], key);
        city.Network.RunFor(Patience);

        Assert.NotEmpty(before.Peers);
        Assert.Empty(after.Peers);
    }

    [Fact]
    public void IsNotAskedBack_WhenReadOnly()
    {
        var city = DhtCity.Of(10, 6, TimeSpan.FromSeconds(5));
        var key = Hash160.Random(city.Network.Random);
        city.Announce(city.Residents[3], key, 9000);
        city.Network.RunFor(TimeSpan.FromSeconds(5));

        var reader = city.Settle(city.Residents[0], new DhtNodeOptions { ReadOnly = true });
        var finding = city.Find(reader, key);
        city.Network.RunFor(TimeSpan.FromMinutes(20));

        Assert.NotEmpty(finding.Peers);
        Assert.Equal(0, reader.Node.Counters.QueriesReceived);
        Assert.DoesNotContain(city.Residents.SelectMany(r => r.Node.Table.Contacts), c => c.EndPoint == reader.EndPoint);
    }

    [Fact]
    public void FindsEveryKeyFromEverywhere_WithLossAndChurn()
    {
        const int Size = 300;
        var city = DhtCity.Of(Size, 7, TimeSpan.FromSeconds(60));
        var keys = Enumerable.Range(0, 60).Select(_ => Hash160.Random(city.Network.Random)).ToList();
        var announcers = keys.ConvertAll(key => city.Residents[1 + city.Network.Random.Next(Size - 1)]);
        city.Network.Loss = 0.05;
        foreach (var (key, announcer) in keys.Zip(announcers)) city.Announce(announcer, key, 9000);
        city.Network.RunFor(Patience);

        var found = new List<Finding>();
        for (var minute = 0; minute < 60; minute++)
        {
            city.Network.RunFor(TimeSpan.FromSeconds(10));
            for (var change = 0; change < Size * 0.3 / 60; change++)
            {
                city.Leave(city.Residents.Where(r => !announcers.Contains(r)).ElementAt(1 + city.Network.Random.Next(city.Residents.Count - 80)));
                city.Settle(city.Residents[0]);
            }

            city.Network.RunFor(TimeSpan.FromSeconds(50));
            for (var i = 0; i < 10; i++) found.Add(city.Find(city.Anybody(), keys[(minute * 10 + i) % keys.Count]));
        }

        city.Network.RunFor(TimeSpan.FromMinutes(1));
        Report(found, city);
        Assert.All(found, f => Assert.True(f.Ended));
        Assert.True(found.Count(f => f.Peers.Count > 0) >= found.Count * 0.99, $"seed {city.Network.Seed}");
    }

    [Fact]
    public void FindsEveryKeyFromEverywhere_WithThousandNodes()
    {
        var city = DhtCity.Of(1000, 8, TimeSpan.FromSeconds(100));
        var keys = Enumerable.Range(0, 100).Select(_ => Hash160.Random(city.Network.Random)).ToList();
        foreach (var key in keys) city.Announce(city.Anybody(), key, 9000);
        city.Network.RunFor(Patience);

        var found = keys.ConvertAll(key => city.Find(city.Anybody(), key));
        city.Network.RunFor(Patience);

        Report(found, city);
        Assert.All(found, f => Assert.NotEmpty(f.Peers));
        Assert.All(city.Residents, r => Assert.True(r.IsGone || r.Announced.TrueForAll(a => a.Result.Nodes >= RoutingTable.K)));
    }

    [Fact]
    public void HealsAfterPartition()
    {
        var city = DhtCity.Of(60, 9, TimeSpan.FromSeconds(20));
        var sides = city.Residents.Select((r, i) => (r.EndPoint, i % 2)).ToDictionary();
        var key = Hash160.Random(city.Network.Random);
        city.Network.Partition = e => sides[e];
        city.Network.RunFor(TimeSpan.FromMinutes(30));
        city.Announce(city.Residents[1], key, 9000);
        city.Network.RunFor(TimeSpan.FromMinutes(1));

        city.Network.Partition = null;
        city.Network.RunFor(TimeSpan.FromMinutes(20));
        var found = city.Residents.Select(r => city.Find(r, key)).ToList();
        city.Network.RunFor(Patience);

        Assert.All(found, f => Assert.NotEmpty(f.Peers));
    }

    [Fact]
    public void GivesSameTrace_WhenSeedIsSame()
    {
        static string Trace(int seed)
        {
            var city = DhtCity.Of(40, seed, TimeSpan.FromSeconds(10));
            city.Network.Loss = 0.05;
            var key = Hash160.Random(city.Network.Random);
            city.Announce(city.Anybody(), key, 9000);
            city.Network.RunFor(TimeSpan.FromMinutes(20));
            city.Find(city.Anybody(), key);
            city.Network.RunFor(Patience);
            return city.Network.TraceHash;
        }

        var first = Trace(10);
        var second = Trace(10);

        Assert.Equal(first, second);
        Assert.NotEqual(first, Trace(11));
    }

    private void Report(List<Finding> found, DhtCity city)
    {
        var first = found.Where(f => f.Peers.Count > 0).Select(f => f.Peers[0]).OrderBy(p => p.Elapsed).ToList();
        output.WriteLine(
            $"found {first.Count} of {found.Count}; first peer after {first[first.Count / 2].Elapsed.TotalMilliseconds:0} ms (median), " +
            $"{first[first.Count * 95 / 100].Elapsed.TotalMilliseconds:0} ms (p95), {first.Average(p => p.Hops):0.0} hops; {city.Network.Sent} datagrams");
    }

    /// <summary>Whoever takes longer than a second counts as slow, and here all do.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public void CountsWhoTookAnnouncement_ThoughAllAreSlow(int nodes)
    {
        var city = DhtCity.Of(nodes, 17, TimeSpan.FromSeconds(10));
        city.Network.RunFor(TimeSpan.FromMinutes(10));
        city.Network.Latency = TimeSpan.FromMilliseconds(700);
        var announcer = city.Residents[2];

        city.Announce(announcer, Hash160.Random(city.Network.Random), 9000);
        city.Network.RunFor(TimeSpan.FromMinutes(1));

        Assert.NotEmpty(announcer.Announced);
        Assert.All(announcer.Announced, a => Assert.True(a.Result.Nodes > 0, $"{a.Result}"));
    }

    [Fact]
    public void EstimatesHowManyThereAre_SoonAndLater()
    {
        const int Nodes = 500;
        var city = DhtCity.Of(Nodes, 18, TimeSpan.FromSeconds(60));
        city.Network.RunFor(TimeSpan.FromMinutes(20));
        var newcomers = Enumerable.Range(0, 25).Select(_ => city.Settle(city.Residents[0])).ToList();
        city.Network.RunFor(TimeSpan.FromSeconds(30));

        AssertEstimates("soon", newcomers);
        AssertEstimates("later", [.. city.Residents.Where((_, i) => i % 20 == 0)]);

        void AssertEstimates(string when, List<Resident> residents)
        {
            var estimates = residents.Select(r => r.Node.Lookups.Size.Nodes ?? 0).Order().ToList();
            output.WriteLine($"{when}: {string.Join(' ', estimates.Select(e => (int)e))}");
            Assert.InRange(estimates[estimates.Count / 2], Nodes / 1.3, Nodes * 1.3);
            Assert.True(estimates.Count(e => e is > Nodes / 2 and < Nodes * 2) >= estimates.Count * 0.9);
        }
    }
}
