using System.Net;
using Shoal.Core;
using Shoal.Dht.Announcing;
using Shoal.Dht.Routing;
using Xunit;

namespace Shoal.Unit.Dht.Announcing;

public sealed class RegionMapTests
{
    private readonly Random _random = new(1);

    [Fact]
    public void TakesWhoeverIsInTheRegion_AndOthersOnceItGrows()
    {
        var key = Hash160.Random(_random);
        var map = new RegionMap(key, bits: 4);

        Assert.NotNull(map.Add(new NodeId(key.Flip(4)), EndPoint(1)));
        Assert.Null(map.Add(new NodeId(key.Flip(4)), EndPoint(1)));
        Assert.Null(map.Add(new NodeId(key.Flip(3)), EndPoint(2)));
        Assert.Null(map.Add(new NodeId(key.Flip(0)), EndPoint(3)));

        Assert.True(map.TryGrow());
        Assert.Equal([EndPoint(1), EndPoint(2)], map.Nodes.Select(n => n.EndPoint));
    }

    [Fact]
    public void GrowsToEverything_AndNoFurther()
    {
        var map = new RegionMap(Hash160.Random(_random), bits: 2);

        Assert.True(map.TryGrow());
        Assert.True(map.TryGrow());
        Assert.False(map.TryGrow());
    }

    [Fact]
    public void GivesClosestLiveNodes_ThatDoNotHaveTheKey()
    {
        var map = new RegionMap(default, bits: 0);
        for (var i = 0; i < 100; i++) map.Add(NodeId.Random(_random), EndPoint(i))!.State = i % 10 == 0 ? RegionNodeState.Dead : RegionNodeState.Live;
        var key = new RegionKey(new OwnAnnouncement(Hash160.Random(_random), 9000, default));

        var first = map.Closest(key, RoutingTable.K).ToList();
        key.Given.AddRange(first);
        var next = map.Closest(key, 1).Single();

        var sorted = map.Nodes.Where(n => n.State == RegionNodeState.Live).OrderBy(n => n.Id.Value ^ key.Key).ToList();
        Assert.Equal(sorted.Take(RoutingTable.K), first);
        Assert.Equal(sorted[RoutingTable.K], next);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void PlacesCoverTheRegionEvenly(int bits)
    {
        var within = Hash160.Random(_random);
        var map = new RegionMap(within, bits);

        var places = Enumerable.Range(0, 64).Select(_ => map.NextPlace()).ToList();

        Assert.All(places, p => Assert.True((p ^ within).LeadingZeros >= bits));
        Assert.Equal(64, places.Select(p => p.Region(bits + 6).Lowest).Distinct().Count());
    }

    [Fact]
    public void HearsOneOfGlobalRange()
    {
        var map = new RegionMap(default, bits: 0);

        Assert.NotNull(map.Add(NodeId.Random(_random), new NetEndPoint(IPAddress.Parse("8.8.8.1"), 1)));
        Assert.Null(map.Add(NodeId.Random(_random), new NetEndPoint(IPAddress.Parse("8.8.8.2"), 1)));
    }

    [Fact]
    public void PutsNodeUnderTheIdItAnswersWith_WhateverWasToldOfIt()
    {
        var key = Hash160.Random(_random);
        var map = new RegionMap(key, bits: 4);
        map.Add(new NodeId(key.Flip(100)), EndPoint(1));
        map.Add(new NodeId(key.Flip(101)), EndPoint(2));

        var inside = map.Prove(new NodeId(key.Flip(5)), EndPoint(1));
        var outside = map.Prove(new NodeId(key.Flip(3)), EndPoint(2));

        Assert.Equal(new NodeId(key.Flip(5)), inside!.Id);
        Assert.Null(outside);
        Assert.Same(inside, Assert.Single(map.Nodes));
        Assert.Null(map.Add(new NodeId(key.Flip(102)), EndPoint(2)));
        map.TryGrow();
        Assert.Equal([new NodeId(key.Flip(5)), new NodeId(key.Flip(3))], map.Nodes.Select(n => n.Id));
    }

    [Fact]
    public void TriesNextOfRange_WhenTheFirstDoesNotAnswer()
    {
        var map = new RegionMap(default, bits: 0);
        var first = map.Add(NodeId.Random(_random), Global(8, 1))!;
        map.Add(NodeId.Random(_random), Global(8, 2));

        map.GiveUp(first, RegionNodeState.Late);

        Assert.Equal([Global(8, 1), Global(8, 2)], map.Nodes.Select(n => n.EndPoint));
    }

    [Fact]
    public void TriesFewOfRange_HoweverManyAreTold()
    {
        var map = new RegionMap(default, bits: 0);
        for (var i = 1; i <= 200; i++)
        {
            map.Add(NodeId.Random(_random), Global(8, i));
            foreach (var node in map.Nodes.Where(n => n.IsOpen).ToList()) map.GiveUp(node, RegionNodeState.Late);
        }

        Assert.Equal(8, map.Nodes.Count);
    }

    [Fact]
    public void HearsWhoeverAnswersFirst_OfRangeThatAnotherIsToldOf()
    {
        var map = new RegionMap(default, bits: 0);
        map.Add(NodeId.Random(_random), Global(8, 1));

        Assert.NotNull(map.Prove(NodeId.Random(_random), Global(8, 2)));
        Assert.Null(map.Prove(NodeId.Random(_random), Global(8, 1)));
    }

    [Fact]
    public void MakesRoom_WhenThoseItIsFullOfDoNotAnswer()
    {
        var map = new RegionMap(default, bits: 0);
        for (var i = 0; i < RegionMap.MaxNodes; i++) map.Add(NodeId.Random(_random), Global(i, 1));
        Assert.Null(map.Add(NodeId.Random(_random), Global(1000, 1)));

        map.GiveUp(map.Nodes.First(), RegionNodeState.Late);

        Assert.Contains(map.Nodes, n => n.EndPoint == Global(1000, 1));
        Assert.NotNull(map.Prove(NodeId.Random(_random), Global(1001, 1)));
    }

    [Fact]
    public void HearsOfBoundedNumber_ThoughNobodyAnswers()
    {
        var map = new RegionMap(default, bits: 0);
        for (var i = 0; i < 10_000; i++)
            if (map.Add(NodeId.Random(_random), Global(i, 1)) is { } node) map.GiveUp(node, RegionNodeState.Late);

        Assert.InRange(map.Nodes.Count, RegionMap.MaxNodes, 4 * RegionMap.MaxNodes);
    }

    private static NetEndPoint Global(int range, int last) => new(new IPAddress([8, (byte)(range >> 8), (byte)range, (byte)last]), 6881);

    private static NetEndPoint EndPoint(int number) => new(new IPAddress([10, 0, 0, (byte)number]), 6881);
}
