using Shoal.Dht.Krpc;
using Shoal.Dht.Lookups;
using Shoal.Dht.Queries;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Items;

/// <summary>One putting of an item (BEP 44): after a lookup of what is there, to the eight closest that gave tokens, and to all around a crowded target.</summary>
internal sealed class PutRound(int task, DhtItem item, long? cas, Querier querier, TimeSpan startedAt, Action<int> over) : IAsker
{
    private readonly Queue<Candidate> _targets = new();
    private ItemLookup? _found;
    private int _wanted = RoutingTable.K;
    private int _waiting;
    private int _outstanding;
    private int _accepted;
    private int _conflicts;
    private bool _isOver;

    /// <param name="found">What is there already.</param>
    /// <param name="run">Where.</param>
    /// <param name="turn">Now.</param>
    public void Begin(ItemLookup found, LookupRun run, Turn turn)
    {
        foreach (var candidate in run.Ranking.WhoAnswered().Where(c => c.Token is not null))
        {
            if (run.Ranking.IsWide(candidate)) _wanted++;
            if (_targets.Count < 2 * _wanted) _targets.Enqueue(candidate);
        }

        _found = found;
        Pump(turn);
    }

    public void Answered(PendingQuery query, in KrpcMessage answer, Turn turn)
    {
        _outstanding--;
        if (!query.IsSlow) _waiting--;
        if (answer.Type == KrpcType.Response) _accepted++;
        else if (answer.ErrorCode is (long)KrpcError.CasMismatch or (long)KrpcError.SequenceTooLow) _conflicts++;
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

    /// <summary>It is over when nobody can answer any more, or enough have and those who have not are slow.</summary>
    private void Pump(Turn turn)
    {
        if (_isOver) return;

        while (_accepted + _conflicts + _waiting < _wanted && _targets.TryDequeue(out var candidate))
        {
            _waiting++;
            _outstanding++;
            var expected = _found!.Holds(candidate.EndPoint) ? cas : null; // BEP 44: not to whom returned nothing
            querier.Put(candidate.EndPoint, item, expected, candidate.Token, this, candidate, turn);
        }

        if (_waiting > 0 || (_outstanding > 0 && _accepted + _conflicts < _wanted)) return;

        _isOver = true;
        over(task);
        turn.Outbox.Events.Add(new PutItemEnded(task, new PutItemResult(_accepted, _conflicts, turn.Now - startedAt)));
    }
}
