using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Lookups;
using Shoal.Dht.Queries;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Announcing;

/// <summary>One announcing of one key: a lookup, then <c>announce_peer</c> to the eight closest that gave tokens (BEP 5), and to all around a crowded target.</summary>
internal sealed class AnnounceRound(Announcer announcer, OwnAnnouncement announcement, LookupTable lookups) : ILookupClient, IAsker
{
    private readonly Queue<Candidate> _targets = new();
    private readonly Queue<Candidate> _wide = new();
    private TimeSpan _startedAt;
    private int _waiting;
    private int _outstanding;
    private int _accepted;
    private bool _isOver;

    public void Begin(Turn turn)
    {
        _startedAt = turn.Now;
        lookups.Begin(new LookupGoal(announcement.Key, LookupKind.Peers), this, turn);
    }

    public void Answered(LookupRun run, Candidate candidate, in KrpcMessage answer, Turn turn)
    {
    }

    public void Ended(LookupRun run, Turn turn)
    {
        foreach (var candidate in run.Ranking.WhoAnswered().Where(c => c.Token is not null))
        {
            if (run.Ranking.IsWide(candidate)) _wide.Enqueue(candidate);
            else if (_targets.Count < 2 * RoutingTable.K) _targets.Enqueue(candidate);
        }

        Pump(turn);
    }

    public void Answered(PendingQuery query, in KrpcMessage answer, Turn turn)
    {
        _outstanding--;
        if (!query.IsSlow) _waiting--;
        if (answer.Type == KrpcType.Response) _accepted++;
        Pump(turn);
    }

    public void Slow(PendingQuery query, Turn turn)
    {
        _waiting--;
        Pump(turn);
    }

    public void Failed(PendingQuery query, Turn turn)
    {
        _outstanding--;
        Pump(turn);
    }

    /// <summary>It is over when nobody can answer any more, or enough have taken it and those who have not are slow.</summary>
    private void Pump(Turn turn)
    {
        if (_isOver) return;

        while (announcer.Holds(announcement) && TryNext(out var candidate))
        {
            _waiting++;
            _outstanding++;
            lookups.Querier.AnnouncePeer(candidate.EndPoint, announcement.Key, announcement.Port, announcement.IsSeed, candidate.Token, this, candidate, turn);
        }

        if (_waiting > 0 || (_outstanding > 0 && _accepted < RoutingTable.K)) return;

        _isOver = true;
        announcer.Ended(announcement, new AnnounceResult(_accepted, turn.Now - _startedAt), turn);
        announcer.RoundEnded(announcement, turn);
    }

    /// <summary>The closest, as long as eight are not reached or on their way; then whoever is around a crowd.</summary>
    private bool TryNext(out Candidate next) =>
        (_accepted + _waiting < RoutingTable.K && _targets.TryDequeue(out next!)) || _wide.TryDequeue(out next!);
}
