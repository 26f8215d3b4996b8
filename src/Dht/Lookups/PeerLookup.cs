using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Routing;
using Shoal.Dht.Serving;

namespace Shoal.Dht.Lookups;

/// <summary>A search for the peers of a key (BEP 5), and for how many there are (BEP 33): tells each new peer as it comes.</summary>
internal sealed class PeerLookup(int task, Action<int> over) : ILookupClient
{
    private const int MaxPeers = 4096;

    private readonly HashSet<NetEndPoint> _peers = [];
    private ScrapeFilter? _seeds;
    private ScrapeFilter? _downloaders;

    /// <summary>Somebody who was announced to this very node.</summary>
    public void Own(NetEndPoint peer, Turn turn)
    {
        if (IsNew(peer)) turn.Outbox.Events.Add(new PeerFound(task, new FoundPeer(peer, null, 0, TimeSpan.Zero)));
    }

    public void Answered(LookupRun run, Candidate candidate, in KrpcMessage answer, Turn turn)
    {
        if (!answer.SeedFilter.IsEmpty) (_seeds ??= new ScrapeFilter()).Union(answer.SeedFilter);
        if (!answer.PeerFilter.IsEmpty) (_downloaders ??= new ScrapeFilter()).Union(answer.PeerFilter);

        var source = candidate.EndPoint.Scope;
        var values = answer.Values;
        while (values.TryNext(out var peer))
            if (peer.IsUsableFrom(source) && IsNew(peer))
                turn.Outbox.Events.Add(new PeerFound(task, new FoundPeer(peer, candidate.EndPoint, candidate.Hops, turn.Now - run.StartedAt) { Queries = run.Queries }));
    }

    public void Ended(LookupRun run, Turn turn)
    {
        over(task);
        turn.Outbox.Events.Add(new FindEnded(task, new FindResult(run.Ranking.AnsweredCount, _peers.Count, turn.Now - run.StartedAt)
        {
            Closest = [.. run.Ranking.WhoAnswered().Take(RoutingTable.K).Select(c => new LookupContact(c.Id!.Value, c.EndPoint, c.Hops))],
            Queries = run.Queries,
            Hops = run.MaxHops,
            IsCrowded = run.IsWide,
            Seeds = _seeds?.Estimate,
            Downloaders = _downloaders?.Estimate,
        }));
    }

    private bool IsNew(NetEndPoint peer) => _peers.Count < MaxPeers && _peers.Add(peer);
}
