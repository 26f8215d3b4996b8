using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Queries;
using Shoal.Dht.Routing;
using Shoal.Dht.Serving;

namespace Shoal.Dht.Lookups;

/// <summary>
/// A search for the peers of a key (BEP 5): tells each new peer as it comes. If it is to count them too (BEP 33), it asks those closest once more at the end: some nodes
/// answer a scrape with filters and no peers.
/// </summary>
internal sealed class PeerLookup(int task, bool counts, Querier querier, Action<int> over) : ILookupClient, IAsker
{
    private const int MaxPeers = 4096;

    private readonly HashSet<NetEndPoint> _peers = [];
    private readonly ScrapeFilter _seeds = new();
    private readonly ScrapeFilter _downloaders = new();
    private LookupRun _run = null!;
    private int _waiting;
    private bool _isCounted;
    private bool _isOver;

    /// <summary>Somebody who was announced to this very node.</summary>
    public void Own(NetEndPoint peer, Turn turn)
    {
        if (IsNew(peer)) turn.Outbox.Events.Add(new PeerFound(task, new FoundPeer(peer, null, 0, TimeSpan.Zero)));
    }

    public void Answered(LookupRun run, Candidate candidate, in KrpcMessage answer, Turn turn)
    {
        var source = candidate.EndPoint.Scope;
        var values = answer.Values;
        while (values.TryNext(out var peer))
            if (peer.IsUsableFrom(source) && IsNew(peer))
                turn.Outbox.Events.Add(new PeerFound(task, new FoundPeer(peer, candidate.EndPoint, candidate.Hops, turn.Now - run.StartedAt) { Queries = run.Queries }));
    }

    public void Ended(LookupRun run, Turn turn)
    {
        _run = run;
        if (counts)
        {
            foreach (var candidate in run.Ranking.WhoAnswered().Take(RoutingTable.K))
            {
                _waiting++;
                querier.GetPeers(candidate.EndPoint, run.Goal.Target, scrape: true, this, candidate, turn);
            }
        }

        EndIfNobodyIsWaitedFor(turn);
    }

    public void Answered(PendingQuery query, in KrpcMessage answer, Turn turn)
    {
        if (!answer.SeedFilter.IsEmpty || !answer.PeerFilter.IsEmpty) _isCounted = true;
        if (!answer.SeedFilter.IsEmpty) _seeds.Union(answer.SeedFilter);
        if (!answer.PeerFilter.IsEmpty) _downloaders.Union(answer.PeerFilter);
        if (!query.IsSlow) _waiting--;
        EndIfNobodyIsWaitedFor(turn);
    }

    public void Slow(PendingQuery query, Turn turn)
    {
        _waiting--;
        EndIfNobodyIsWaitedFor(turn);
    }

    public void Failed(PendingQuery query, Turn turn)
    {
    }

    private void EndIfNobodyIsWaitedFor(Turn turn)
    {
        if (_waiting > 0 || _isOver) return;

        _isOver = true;
        over(task);
        turn.Outbox.Events.Add(new FindEnded(task, new FindResult(_run.Ranking.AnsweredCount, _peers.Count, turn.Now - _run.StartedAt)
        {
            Closest = [.. _run.Ranking.WhoAnswered().Take(RoutingTable.K).Select(c => new LookupContact(c.Id!.Value, c.EndPoint, c.Hops))],
            Queries = _run.Queries,
            Hops = _run.MaxHops,
            IsCrowded = _run.IsWide,
            Seeds = _isCounted ? _seeds.Estimate : null,
            Downloaders = _isCounted ? _downloaders.Estimate : null,
        }));
    }

    private bool IsNew(NetEndPoint peer) => _peers.Count < MaxPeers && _peers.Add(peer);
}
