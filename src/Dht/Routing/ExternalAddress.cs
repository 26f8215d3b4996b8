using Shoal.Core;

namespace Shoal.Dht.Routing;

/// <summary>
/// Our own address as others see it (BEP 42, <c>ip</c>): a vote, one voice for each range of addresses, the latest of a few counted. Nobody is believed alone.
/// </summary>
internal sealed class ExternalAddress
{
    private const int MaxVoters = 32;
    private const int Quorum = 3;

    private readonly Dictionary<NetEndPoint, NetEndPoint> _votes = [];
    private readonly Queue<NetEndPoint> _order = new();

    /// <summary>What most of at least three say; the address, with the port that most see.</summary>
    public NetEndPoint? Agreed { get; private set; }

    /// <summary>Somebody says that we are there. True if what is agreed has changed.</summary>
    public bool Vote(NetEndPoint voter, NetEndPoint seen)
    {
        var range = voter.Range;
        if (_votes.TryGetValue(range, out var before) && before == seen) return false;
        if (!_votes.ContainsKey(range))
        {
            if (_order.Count >= MaxVoters) _votes.Remove(_order.Dequeue());
            _order.Enqueue(range);
        }

        _votes[range] = seen;
        if (seen == Agreed) return false;

        var winner = _votes.Values.GroupBy(v => v.WithPort(0)).MaxBy(g => g.Count())!;
        var agreed = winner.Count() >= Quorum && 2 * winner.Count() > _votes.Count ? winner.GroupBy(v => v).MaxBy(g => g.Count())!.Key : Agreed;
        var isNew = agreed != Agreed && (agreed is null || Agreed is null || !agreed.Value.SameAddress(Agreed.Value));
        Agreed = agreed;
        return isNew;
    }

    /// <summary>Whether anybody sees us at its address; anything may be ours before somebody has said.</summary>
    public bool MayBeOurs(NetEndPoint peer)
    {
        foreach (var seen in _votes.Values)
            if (seen.SameAddress(peer)) return true;
        return _votes.Count == 0;
    }
}
