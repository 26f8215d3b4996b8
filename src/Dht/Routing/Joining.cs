using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Lookups;
using Shoal.Dht.Queries;

namespace Shoal.Dht.Routing;

/// <summary>
/// Gets a node into the network and keeps it there: seeds while nobody is known, lookups of our own ID, refreshes, pings, and meeting those who ask us something
/// (BEP 5).
/// </summary>
internal sealed class Joining(RoutingTable table, SeedList seeds, LookupTable lookups, Upkeep upkeep, Querier querier, Random random) : ILookupClient
{
    private LookupRun? _self;

    public TimeSpan NextAt => table.Usable == 0 && seeds.RetryAt < upkeep.NextAt ? seeds.RetryAt : upkeep.NextAt;

    public void Tick(Turn turn)
    {
        if (turn.Now >= seeds.RetryAt && table.Usable == 0)
        {
            seeds.Retried(turn.Now);
            if (_self is null) LookUpSelf(turn);
            lookups.AskSeeds(turn);
        }

        if (upkeep.TakeSelfLookup(turn.Now) && _self is null && table.Usable > 0) LookUpSelf(turn);
        if (upkeep.TryTakeSurvey(turn.Now, out var anywhere)) lookups.Begin(new LookupGoal(anywhere, LookupKind.Contacts) { Measures = true }, this, turn);
        if (upkeep.TryTakeRefresh(turn.Now, out var target)) lookups.Begin(new LookupGoal(target, LookupKind.Contacts), this, turn);
        foreach (var contact in upkeep.TakeToPing(turn.Now)) Ping(contact.EndPoint, turn);
    }

    public void AddSeed(NetEndPoint endPoint, bool configured, Turn turn)
    {
        seeds.Add(endPoint, configured, turn.Now);
        if (table.Usable > 0)
        {
            if (table.Find(endPoint) is null) Ping(endPoint, turn);
            return;
        }

        lookups.AskSeed(endPoint, turn);
        if (_self is null) LookUpSelf(turn);
    }

    /// <summary>Somebody asked us something: pinged, so as to enter the table if they answer.</summary>
    public void Meet(NodeId id, NetEndPoint endPoint, Turn turn)
    {
        if (upkeep.ShouldMeet(id, endPoint, turn.Now)) Ping(endPoint, turn);
    }

    /// <summary>A first contact, or another ID of our own: who is around it?</summary>
    public void Joined(Turn turn)
    {
        if (_self is null) LookUpSelf(turn);
    }

    /// <summary>A contact did not answer.</summary>
    public void Silent(NetEndPoint endPoint, Turn turn)
    {
        var wasUsable = table.Usable > 0;
        var wasKnown = table.Find(endPoint) is not null;
        table.Failed(endPoint, turn.Now);
        if (wasKnown && table.Find(endPoint) is null) seeds.Add(endPoint, configured: false, turn.Now);
        if (wasUsable && table.Usable == 0) seeds.Restart(turn.Now);
    }

    public void Answered(LookupRun run, Candidate candidate, in KrpcMessage answer, Turn turn)
    {
    }

    public void Ended(LookupRun run, Turn turn)
    {
        if (run != _self) return;

        _self = null;
        upkeep.SelfLookupEnded(run.Ranking.AnsweredCount > 0, turn.Now);
    }

    private void LookUpSelf(Turn turn)
    {
        var others = table.Usable > 0 ? seeds.Sample(random).Where(s => table.Find(s) is null).ToList() : [];
        var run = lookups.Begin(new LookupGoal(table.Self.Value, LookupKind.Contacts), this, turn);
        if (run.IsOver) return;

        _self = run;
        foreach (var endPoint in others) LookupTable.AskSeed(run, endPoint, turn);
    }

    private void Ping(NetEndPoint endPoint, Turn turn)
    {
        if (querier.CanAsk(turn.Now) && querier.Pending.Awaited(endPoint) == 0) querier.Ping(endPoint, asker: null, subject: null, turn);
    }
}
