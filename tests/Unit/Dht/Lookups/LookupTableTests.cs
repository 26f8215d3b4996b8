using System.Net;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Krpc;
using Shoal.Dht.Lookups;
using Shoal.Dht.Queries;
using Shoal.Dht.Routing;
using Xunit;

namespace Shoal.Unit.Dht.Lookups;

public sealed class LookupTableTests : ILookupClient
{
    private readonly Random _random = new(1);
    private readonly RoutingTable _table;
    private readonly SeedList _seeds = new();
    private readonly Outbox _outbox = new();
    private readonly LookupTable _lookups;
    private int _ended;

    public LookupTableTests()
    {
        _table = new RoutingTable(NodeId.Random(_random));
        _lookups = new LookupTable(_table, new Querier(() => _table.Self, readOnly: false, new SendBudget(0), _random), _seeds, _random);
        for (var i = 1; i <= 60; i++) _seeds.Add(EndPoint(2, i), configured: false, TimeSpan.Zero);
    }

    [Fact]
    public void AsksSeeds_WhileNobodyIsKnown()
    {
        _lookups.Begin(new LookupGoal(Hash160.Random(_random), LookupKind.Peers), this, new Turn(TimeSpan.Zero, _outbox));

        Assert.Equal(SeedList.MaxTried, _outbox.Count);
    }

    [Fact]
    public void AsksNobody_WhenAllItKnowsAreShunned()
    {
        var crowd = Hash160.Random(_random);
        for (var i = 0; i < 20; i++) _table.Answered(new NodeId(crowd.Flip(100 + i)), EndPoint(3, i + 1), TimeSpan.Zero);

        _lookups.Begin(new LookupGoal(crowd.Flip(5), LookupKind.Contacts) { Shunned = [new KeyRegion(crowd, 20)] }, this, new Turn(TimeSpan.Zero, _outbox));

        Assert.Equal(0, _outbox.Count);
        Assert.Equal(1, _ended);
    }

    [Fact]
    public void AsksNoSeedsBesideCrowd_ThoughNobodyIsKnown()
    {
        _lookups.Begin(new LookupGoal(Hash160.Random(_random), LookupKind.Contacts) { Shunned = [new KeyRegion(Hash160.Random(_random), 20)] }, this, new Turn(TimeSpan.Zero, _outbox));
        _lookups.AskSeeds(new Turn(TimeSpan.FromSeconds(1), _outbox));

        Assert.Equal(0, _outbox.Count);
    }

    void ILookupClient.Answered(LookupRun run, Candidate candidate, in KrpcMessage answer, Turn turn)
    {
    }

    void ILookupClient.Ended(LookupRun run, Turn turn) => _ended++;

    private static NetEndPoint EndPoint(int third, int last) => new(new IPAddress([10, 0, (byte)third, (byte)last]), 6881);
}
