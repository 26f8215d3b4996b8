using System.Net;
using CsCheck;
using Shoal.Core;
using Shoal.Dht.Lookups;
using Shoal.Dht.Routing;
using Xunit;

namespace Shoal.Unit.Dht.Lookups;

public sealed class LookupTests
{
    private static Hash160 Target => default;

    [Fact]
    public void AsksClosestFirst_AFewAtATime()
    {
        var lookup = New();
        foreach (var distance in (int[])[50, 10, 40, 20, 30, 60]) Add(lookup, distance);

        Assert.Equal([10, 20, 30, 40], Ask(lookup));
        Assert.Empty(Ask(lookup));
    }

    [Fact]
    public void IsSettled_OnceTheEightClosestHaveAnswered()
    {
        var lookup = New();
        for (var i = 1; i <= 12; i++) Add(lookup, i);

        var asked = AnswerAll(lookup);

        Assert.Equal(8, asked);
        Assert.True(lookup.IsSettled);
    }

    [Fact]
    public void GoesOnPastThoseThatFail()
    {
        var lookup = New();
        for (var i = 1; i <= 12; i++) Add(lookup, i);
        lookup.TryNext(out var first);

        lookup.Failed(first);

        Assert.Equal(8, AnswerAll(lookup));
        Assert.DoesNotContain(lookup.WhoAnswered(), c => c == first);
    }

    [Fact]
    public void FollowsEachPathToItsEnd()
    {
        var lookup = new Lookup(Target, paths: 2, shunned: []);
        for (var i = 1; i <= 20; i++) Add(lookup, i, path: 0); // liars, who are closer than anybody
        for (var i = 100; i <= 106; i++) Add(lookup, i, path: 1);

        AnswerAll(lookup);

        Assert.Equal(8, lookup.WhoAnswered().Count(c => c.Path == 0));
        Assert.Equal(4, lookup.WhoAnswered().Count(c => c.Path == 1));
    }

    [Fact]
    public void HearsOneOfRange_TheCloserAsLongAsNoneIsAsked()
    {
        var lookup = New();
        lookup.Add(Id(30), Parse("8.8.8.1:1"), 1, 0);
        lookup.Add(Id(20), Parse("8.8.8.2:2"), 1, 0);
        lookup.Add(Id(40), Parse("8.8.8.3:3"), 1, 0);
        lookup.Add(Id(50), Parse("8.8.9.1:1"), 1, 0);

        Assert.Equal([20, 50], Ask(lookup));
        lookup.Add(Id(10), Parse("8.8.8.4:4"), 1, 0);
        Assert.Empty(Ask(lookup));
    }

    [Fact]
    public void CountsNearAddressesOneByOne()
    {
        var lookup = New();
        for (var i = 1; i <= 3; i++) lookup.Add(Id(i), Parse($"127.0.0.1:{i}"), 1, 0);

        Assert.Equal([1, 2, 3], Ask(lookup));
    }

    [Fact]
    public void StaysOutOfWhatItShuns()
    {
        var lookup = new Lookup(Target, 1, [new KeyRegion(Id(16).Value, Hash160.Bits - 4)]);
        foreach (var distance in (int[])[16, 31, 32, 15]) Add(lookup, distance);

        Assert.Equal([15, 32], Ask(lookup));
    }

    [Fact]
    public void AsksWideOnesAfterTheRest_WhateverTheirDistance()
    {
        var lookup = New();
        for (var i = 1; i <= 8; i++) Add(lookup, i);
        AnswerAll(lookup);

        lookup.AddWide(new Candidate(Id(9999), EndPoint(9999), 1, 0));

        Assert.False(lookup.IsSettled);
        Assert.Equal([9999], Ask(lookup));
    }

    [Fact]
    public void IsSettled_ThoughWideOneAnswersUnderAnotherId()
    {
        var lookup = New();
        for (var i = 1; i <= 8; i++) Add(lookup, i);
        AnswerAll(lookup);
        lookup.AddWide(new Candidate(Id(9999), EndPoint(9999), 1, 0));
        lookup.TryNext(out var wide);

        lookup.Answered(wide, Id(7777), "token"u8);

        Assert.True(lookup.IsSettled);
        Assert.Contains(lookup.WhoAnswered(), c => c.Id == Id(7777) && lookup.IsWide(c));
    }

    [Fact]
    public void SeesCrowd_WhereEightAreFarCloserThanChanceExplains()
    {
        var lookup = New();
        for (var i = 1; i <= 8; i++) Add(lookup, i);
        AnswerAll(lookup);

        var cluster = lookup.Cluster!.Value;

        Assert.Equal(Hash160.Bits - 4, cluster.Bits);
        Assert.True(Lookup.IsSuspicious(cluster, networkSize: 1000));
        Assert.True(Lookup.IsCrowded(cluster, elsewhere: 0.008));
    }

    [Fact]
    public void SeesNoCrowd_InOneHonestLookupInHundreds()
    {
        const int Nodes = 2000, Lookups = 2000;
        var random = new Random(1);
        var ids = Enumerable.Range(0, Nodes).Select(_ => NodeId.Random(random)).ToArray();
        var crowded = 0;
        for (var i = 0; i < Lookups; i++)
        {
            var (here, beside) = (Closest(ids, Hash160.Random(random)), Closest(ids, Hash160.Random(random)));
            if (Lookup.IsSuspicious(here.Cluster!.Value, Nodes) && Lookup.IsCrowded(here.Cluster!.Value, beside.Radius!.Value)) crowded++;
        }

        Assert.InRange(crowded, 0, Lookups / 100);
    }

    [Fact]
    public void EstimatesSizeOfNetwork() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[100, 5000]).Sample((seed, count) =>
        {
            var random = new Random(seed);
            var ids = Enumerable.Range(0, count).Select(_ => NodeId.Random(random)).ToArray();
            var size = new NetworkSize(static () => 0);
            for (var i = 0; i < 15; i++) size.Observe(Closest(ids, Hash160.Random(random)), TimeSpan.FromMinutes(i));

            Assert.InRange(size.Nodes!.Value, count * 0.5, count * 2);
        }, iter: 30);

    [Fact]
    public void ForgetsHowLargeNetworkWas()
    {
        var random = new Random(2);
        var size = new NetworkSize(static () => 0);
        var (small, large) = (Ids(random, 50), Ids(random, 3000));
        for (var i = 0; i < 10; i++) size.Observe(Closest(small, Hash160.Random(random)), TimeSpan.Zero);

        size.Observe(Closest(large, Hash160.Random(random)), TimeSpan.FromHours(1));

        Assert.True(size.Nodes > 500);
    }

    private static NodeId[] Ids(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => NodeId.Random(random))];

    private static Lookup Closest(NodeId[] ids, Hash160 target)
    {
        var lookup = new Lookup(target, 1, []);
        foreach (var (id, i) in ids.OrderBy(id => id.Value ^ target).Take(10).Select((id, i) => (id, i))) lookup.Add(id, EndPoint(i), 1, 0);
        AnswerAll(lookup);
        return lookup;
    }

    private static Lookup New() => new(Target, paths: 1, shunned: []);

    private static void Add(Lookup lookup, int distance, int path = 0) => lookup.Add(Id(distance), EndPoint(distance), 1, path);

    private static List<int> Ask(Lookup lookup)
    {
        var asked = new List<int>();
        while (lookup.TryNext(out var next)) asked.Add(Distance(next));
        return asked;
    }

    private static int AnswerAll(Lookup lookup)
    {
        var asked = 0;
        while (lookup.TryNext(out var next))
        {
            asked++;
            lookup.Answered(next, next.Id!.Value, "token"u8);
        }

        return asked;
    }

    private static int Distance(Candidate candidate)
    {
        var bytes = candidate.Id!.Value.Value.ToArray();
        return (bytes[^2] << 8) | bytes[^1];
    }

    private static NodeId Id(int distance)
    {
        var bytes = new byte[Hash160.Length];
        (bytes[^2], bytes[^1]) = ((byte)(distance >> 8), (byte)distance);
        return new NodeId(new Hash160(bytes));
    }

    private static NetEndPoint EndPoint(int number) => new(new IPAddress([10, 0, (byte)(number >> 8), (byte)number]), 6881);

    private static NetEndPoint Parse(string text)
    {
        Assert.True(NetEndPoint.TryParse(text, out var endPoint));
        return endPoint;
    }
}
