using System.Net;
using CsCheck;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Routing;
using Xunit;

namespace Shoal.Unit.Dht.Routing;

public sealed class RoutingTableTests
{
    private static readonly NodeId Self = new(default);
    private static readonly TimeSpan Now = TimeSpan.FromHours(1);

    [Fact]
    public void KeepsItsBounds_WhateverHappens() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 2000]).Sample((seed, count) =>
        {
            var random = new Random(seed);
            var table = new RoutingTable(NodeId.Random(random));
            var now = Now;
            for (var i = 0; i < count; i++)
            {
                var endPoint = EndPoint(random.Next(500));
                now += TimeSpan.FromSeconds(random.Next(20));
                if (random.Next(4) == 0) table.Failed(endPoint, now);
                else table.Answered(NodeId.Random(random), endPoint, now);
            }

            Assert.All(table.Buckets, b => Assert.True(b.Contacts.Count <= b.Capacity && b.Replacements.Count <= RoutingTable.K));
            Assert.Equal(table.Contacts.Count(c => c.IsUsable), table.Usable);
            Assert.Equal(table.Count, table.Buckets.Sum(b => b.Contacts.Count));
            Assert.Equal(table.Count, table.Buckets.SelectMany(b => b.Contacts).Select(c => c.EndPoint).Distinct().Count());
        }, iter: 200);

    [Fact]
    public void GivesClosest_AsSortingAllWould() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 300]).Sample((seed, count) =>
        {
            var random = new Random(seed);
            var table = new RoutingTable(NodeId.Random(random));
            for (var i = 0; i < count; i++) table.Answered(NodeId.Random(random), EndPoint(i), Now);
            var target = Hash160.Random(random);
            var closest = new Contact[RoutingTable.K];

            var given = table.Closest(target, closest);

            var expected = table.Contacts.OrderBy(c => c.Id.Value ^ target).Take(RoutingTable.K).Select(c => c.Id);
            Assert.Equal(expected, closest.Take(given).Select(c => c.Id));
        }, iter: 200);

    [Fact]
    public void NeverHoldsItself()
    {
        var table = new RoutingTable(Self);

        Assert.False(table.WouldTake(Self, EndPoint(1), Now));
        Assert.False(table.Answered(Self, EndPoint(1), Now));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void SplitsOnlyOwnRange()
    {
        var table = new RoutingTable(Self);
        for (var i = 0; i < 140; i++) table.Answered(Id(0x80, i), EndPoint(i), Now);
        for (var i = 140; i < 200; i++) table.Answered(Id(0x01, i), EndPoint(i), Now);

        Assert.Equal([128, 60], table.Buckets.Select(b => b.Contacts.Count));
        Assert.Equal(8, table.Buckets[0].Replacements.Count);
    }

    [Fact]
    public void PutsReplacementInPlace_WhenContactTurnsBad()
    {
        var table = new RoutingTable(Self);
        for (var i = 0; i < 129; i++) table.Answered(Id(0x80, i), EndPoint(i), Now);
        Assert.Null(table.Find(EndPoint(128)));

        table.Failed(EndPoint(3), Now);
        table.Failed(EndPoint(3), Now);

        Assert.Null(table.Find(EndPoint(3)));
        Assert.NotNull(table.Find(EndPoint(128)));
    }

    [Fact]
    public void KeepsGoodContact_WhenAnotherClaimsItsId()
    {
        var table = new RoutingTable(Self);
        table.Answered(Id(1, 1), EndPoint(1), Now);

        var isNew = table.Answered(Id(1, 1), EndPoint(2), Now);

        Assert.False(isNew);
        Assert.NotNull(table.Find(EndPoint(1)));
        Assert.Null(table.Find(EndPoint(2)));
    }

    [Fact]
    public void TakesNewId_WhenEndPointHasRestarted()
    {
        var table = new RoutingTable(Self);
        table.Answered(Id(1, 1), EndPoint(1), Now);

        table.Answered(Id(9, 9), EndPoint(1), Now);

        Assert.Equal(Id(9, 9), table.Find(EndPoint(1))!.Id);
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void DoesNotTellBadContacts()
    {
        var table = new RoutingTable(Self);
        table.Answered(Id(1, 1), EndPoint(1), Now);
        table.Answered(Id(2, 2), EndPoint(2), Now);
        table.Failed(EndPoint(1), Now);
        table.Failed(EndPoint(1), Now);
        var closest = new Contact[RoutingTable.K];

        var count = table.Closest(default, closest);

        Assert.Equal([Id(2, 2)], closest.Take(count).Select(c => c.Id));
    }

    [Fact]
    public void ContactTurnsQuestionable_AfterFifteenSilentMinutes()
    {
        var contact = new Contact(Id(1, 1), EndPoint(1), Now);

        Assert.Equal(ContactState.Good, contact.State(Now + TimeSpan.FromMinutes(14)));
        Assert.Equal(ContactState.Questionable, contact.State(Now + TimeSpan.FromMinutes(15)));
        contact.Asked(Now + TimeSpan.FromMinutes(15));
        Assert.Equal(ContactState.Good, contact.State(Now + TimeSpan.FromMinutes(15)));
    }

    [Fact]
    public void DrawsRandomIdInRange() =>
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var random = new Random(seed);
            var self = NodeId.Random(random);
            var table = new RoutingTable(self);
            for (var i = 0; i < 200; i++) table.Answered(NodeId.Random(random), EndPoint(i), Now);

            for (var i = 0; i < table.Buckets.Count; i++)
            {
                var shared = (table.RandomIn(i, random) ^ self.Value).LeadingZeros;
                Assert.True(i == table.Buckets.Count - 1 ? shared >= i : shared == i);
            }
        }, iter: 100);

    [Fact]
    public void TakesOneContactOfGlobalRange_AnotherOnceThatIsSilent()
    {
        var table = new RoutingTable(Self);
        var (first, second) = (new NetEndPoint(IPAddress.Parse("8.8.8.1"), 1), new NetEndPoint(IPAddress.Parse("8.8.8.2"), 2));
        table.Answered(Id(1, 1), first, Now);

        Assert.False(table.WouldTake(Id(2, 2), second, Now));
        Assert.False(table.Answered(Id(2, 2), second, Now));
        table.Failed(first, Now);
        table.Failed(first, Now);
        Assert.True(table.Answered(Id(2, 2), second, Now));
    }

    [Fact]
    public void SortsContactsAnew_WhenOwnIdChanges() =>
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var random = new Random(seed);
            var table = new RoutingTable(NodeId.Random(random));
            for (var i = 0; i < 300; i++) table.Answered(NodeId.Random(random), EndPoint(i), Now);

            table.Move(NodeId.Random(random), Now);

            for (var i = 0; i < table.Buckets.Count; i++)
                Assert.All(table.Buckets[i].Contacts, c => Assert.Equal(i, Math.Min((c.Id.Value ^ table.Self.Value).LeadingZeros, table.Buckets.Count - 1)));
            Assert.Equal(table.Count, table.Buckets.Sum(b => b.Contacts.Count));
        }, iter: 50);

    private static NodeId Id(byte first, int last)
    {
        var bytes = new byte[Hash160.Length];
        bytes[0] = first;
        bytes[^2] = (byte)(last >> 8);
        bytes[^1] = (byte)last;
        return new NodeId(new Hash160(bytes));
    }

    private static NetEndPoint EndPoint(int number) => new(new IPAddress([10, 0, (byte)(number >> 8), (byte)number]), 6881);
}
