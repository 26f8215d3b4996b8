using System.Globalization;
using Shoal.Core;
using Shoal.Dht.Routing;
using Xunit;

namespace Shoal.Simulation.Dht;

public sealed class BulkAnnounceTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(true, 51)]
    [InlineData(false, 52)]
    public void CostFallsAsKeysGrow(bool plain, int seed)
    {
        var costs = Measure(plain, seed, 100, 1000, 10_000);

        Assert.True(costs[1].QueriesPerKey < costs[0].QueriesPerKey && costs[2].QueriesPerKey < costs[1].QueriesPerKey);
        Assert.True(costs[2].LookupsPerKey * 20 <= 1);
        if (plain) Assert.True(costs[2].QueriesPerKey <= 18, $"{costs[2].QueriesPerKey}");
        else Assert.True(costs[2].QueriesPerKey * 20 <= costs[2].Baseline, $"{costs[2].QueriesPerKey}");
    }

    /// <summary>Minutes long: <c>./build simulate</c> runs it.</summary>
    [Theory(Explicit = true)]
    [InlineData(true, 53)]
    [InlineData(false, 54)]
    public void HundredThousandKeys(bool plain, int seed)
    {
        var costs = Measure(plain, seed, 100, 1000, 10_000, 100_000);

        Assert.True(costs[3].LookupsPerKey * 20 <= 1);
        if (plain) Assert.True(costs[3].QueriesPerKey <= 18, $"{costs[3].QueriesPerKey}");
        else Assert.True(costs[3].QueriesPerKey * 20 <= costs[3].Baseline, $"{costs[3].QueriesPerKey}");
    }

    [Fact]
    public void SpreadsRepetitionEvenly_OverTheInterval()
    {
        var city = DhtCity.Of(200, 55, TimeSpan.FromSeconds(20));
        city.Network.RunFor(TimeSpan.FromMinutes(10));
        var keys = Keys(city, 3000);
        city.AnnounceMany(city.Residents[5], keys, 9000);
        city.Network.RunFor(TimeSpan.FromMinutes(20));

        var before = city.Residents[5].Announced.Count;
        var perMinute = new List<int>();
        for (var minute = 0; minute < 30; minute++)
        {
            city.Network.RunFor(TimeSpan.FromMinutes(1));
            perMinute.Add(city.Residents[5].Announced.Count - before);
            before = city.Residents[5].Announced.Count;
        }

        output.WriteLine(string.Join(' ', perMinute));
        Assert.InRange(perMinute.Sum(), 5400, 6600);
        Assert.True(perMinute.Max() <= 600, "a fifteenth of them is 200");
        AssertReplicas(city, keys, 20);
    }

    [Fact]
    public void AnnouncesAtOnce_WhatHasAnotherPort()
    {
        var city = DhtCity.Of(40, 57, TimeSpan.FromSeconds(20));
        city.Network.RunFor(TimeSpan.FromMinutes(1));
        var announcer = city.Residents[5];
        var keys = Keys(city, 50);
        city.AnnounceMany(announcer, keys, 9000);
        city.Network.RunFor(TimeSpan.FromMinutes(1));

        city.AnnounceMany(announcer, keys, 9001);
        city.Network.RunFor(TimeSpan.FromSeconds(10));
        var findings = keys.ConvertAll(k => city.Find(city.Residents[9], k));
        city.Network.RunFor(TimeSpan.FromSeconds(10));

        Assert.All(findings, f => Assert.Contains(f.Peers, p => p.EndPoint == announcer.EndPoint.WithPort(9001)));
    }

    /// <summary>So many keys of one region make several rounds, which ask the same nodes.</summary>
    [Fact]
    public void AsksPlainGlobalNodeFourTimesASecond_HoweverManyKeys()
    {
        var city = DhtCity.Of(20, 56, TimeSpan.FromSeconds(20), global: true, plain: true);
        city.Network.RunFor(TimeSpan.FromMinutes(10));
        var announcer = city.Residents[5];
        city.AnnounceMany(announcer, Keys(city, 20_000), 9000);
        city.Network.RunFor(TimeSpan.FromSeconds(30));
        Assert.True(announcer.Node.Announcer.Totals.Regions > 2);
        var others = city.Residents.Where(r => r != announcer).ToList();

        var before = others.ConvertAll(Asked);
        city.Network.RunFor(TimeSpan.FromSeconds(30));

        var perSecond = others.Select((r, i) => (Asked(r) - before[i]) / 30.0).ToList();
        output.WriteLine(string.Join(' ', perSecond.Select(p => p.ToString("0.0", CultureInfo.InvariantCulture))));
        Assert.All(perSecond, p => Assert.InRange(p, 2.5, 4.1));
    }

    private static long Asked(Resident resident) =>
        resident.Node.Received[(int)Shoal.Dht.Krpc.KrpcVerb.GetPeers] + resident.Node.Received[(int)Shoal.Dht.Krpc.KrpcVerb.AnnouncePeer];

    private static List<Hash160> Keys(DhtCity city, int count) => [.. Enumerable.Range(0, count).Select(_ => Hash160.Random(city.Network.Random))];

    private List<Cost> Measure(bool plain, int seed, params int[] counts)
    {
        var city = DhtCity.Of(1000, seed, TimeSpan.FromSeconds(100), plain: plain);
        city.Network.RunFor(TimeSpan.FromMinutes(16));
        var baseline = Alone(city, city.Residents[7], 200);
        var costs = new List<Cost>();
        foreach (var count in counts)
        {
            var announcer = city.Settle(city.Residents[0]);
            city.Network.RunFor(TimeSpan.FromMinutes(2));
            var keys = Keys(city, count);
            var (queries, lookups) = (Queries(announcer), Lookups(announcer));
            var begun = city.Network.Now;
            city.AnnounceMany(announcer, keys, 9000);
            Assert.True(city.Network.RunUntil(() => announcer.Announced.Count >= count, TimeSpan.FromMinutes(15)));
            costs.Add(new Cost(count, (double)(Queries(announcer) - queries) / count, (double)(Lookups(announcer) - lookups) / count, baseline, city.Network.Now - begun));
            Assert.All(announcer.Announced, a => Assert.True(a.Result.Nodes >= RoutingTable.K));
            city.Network.RunFor(TimeSpan.FromSeconds(10));
            AssertReplicas(city, keys, 50);
            city.Leave(announcer);
        }

        output.WriteLine($"1,000 {(plain ? "plain" : "Shoal")} nodes; one lookup a key: {baseline.ToString("0.0", CultureInfo.InvariantCulture)} queries");
        foreach (var cost in costs) output.WriteLine(cost.ToString());
        return costs;
    }

    /// <summary>What a key costs that is announced by itself, by the same program in the same network.</summary>
    private static double Alone(DhtCity city, Resident announcer, int count)
    {
        var before = Queries(announcer);
        for (var i = 0; i < count; i++)
        {
            var key = Hash160.Random(city.Network.Random);
            city.Announce(announcer, key, 9000);
            Assert.True(city.Network.RunUntil(() => announcer.Announced.Count > i, TimeSpan.FromMinutes(1)));
            announcer.Node.Withdraw(key);
            city.Network.RunFor(TimeSpan.FromSeconds(2));
        }

        return (double)(Queries(announcer) - before) / count;
    }

    /// <summary>Sent to announce: the network's upkeep and the looking afterwards are apart.</summary>
    private static long Queries(Resident resident)
    {
        var sent = resident.Node.Sent;
        return sent[(int)Shoal.Dht.Krpc.KrpcVerb.GetPeers] + sent[(int)Shoal.Dht.Krpc.KrpcVerb.FindNode] + sent[(int)Shoal.Dht.Krpc.KrpcVerb.AnnouncePeer]
            + sent[(int)Shoal.Dht.Krpc.KrpcVerb.AnnouncePeers] - resident.Node.Announcer.Totals.CheckQueries;
    }

    private static long Lookups(Resident resident)
    {
        var totals = resident.Node.Announcer.Totals;
        return resident.Node.Lookups.Begun - totals.Findable - totals.NotFindable;
    }

    private static void AssertReplicas(DhtCity city, List<Hash160> keys, int sample)
    {
        var room = new NetEndPoint[16];
        for (var i = 0; i < sample; i++)
        {
            var key = keys[i * keys.Count / sample];
            var holders = city.Residents.Where(r => r.Node.Store.Sample(key, NetworkScope.None, city.Network.Now, room) > 0).ToList();
            var closest = city.Residents.OrderBy(r => r.Node.Id.Value ^ key).Take(RoutingTable.K + 1).ToList();
            Assert.True(holders.Count >= RoutingTable.K, $"{holders.Count} replicas");
            var all = city.Residents.OrderBy(r => r.Node.Id.Value ^ key).ToList();
            Assert.True(holders.Count(closest.Contains) >= RoutingTable.K - 1, $"ranks {string.Join(' ', holders.Select(h => all.IndexOf(h)).Order())} bits {string.Join(' ', all.Take(12).Select(a => (a.Node.Id.Value ^ key).LeadingZeros))} not where they are looked for");
        }
    }

    private sealed record Cost(int Keys, double QueriesPerKey, double LookupsPerKey, double Baseline, TimeSpan Elapsed)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Keys,8} keys: {QueriesPerKey,7:0.00} queries a key ({Baseline / QueriesPerKey:0.0} times fewer), {LookupsPerKey:0.0000} lookups a key ({1 / LookupsPerKey:0} times fewer), {Elapsed.TotalSeconds:0} s");
    }
}
