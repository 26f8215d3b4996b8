using Shoal.Core.Geometry;
using Shoal.Engine.Peers;

namespace Shoal.Engine.Picking;

/// <summary>When nothing is left to ask a peer for: finds the block that would come last, so that a faster peer is asked for it as well.</summary>
internal sealed class Endgame(IReadOnlyDictionary<PeerKey, Peer> peers, IReadOnlyDictionary<int, OpenPiece> open, InFlight inFlight)
{
    private const int AskersPerBlock = 2;
    private const int MaxLooks = 64;
    private const double LongerThanAll = 1.5;
    private static readonly TimeSpan WorthAskingTwice = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan WorthAskingTwiceBefore = TimeSpan.FromMilliseconds(300); // it takes a little of somebody's uplink
    private static readonly TimeSpan Unmeasured = TimeSpan.FromMilliseconds(100); // a peer that gave all it was asked for before there was a rate

    /// <summary>Picks a block that somebody slower owes, and notes that the peer is asked for it.</summary>
    /// <param name="isEnd">Whether nothing can be begun with anybody.</param>
    public bool TryTake(Peer peer, TimeSpan now, bool isEnd, out OpenPiece piece, out BlockIndex block)
    {
        (piece, block) = (null!, default);
        var mine = Forecast.TimeFor(peer, peer.Owed.Count + 1);
        if (mine is null && peer is { Owed.Count: 0, IsSnubbed: false, Window.Rate.Total: > 0 }) mine = Unmeasured;
        if (mine is null) return false;

        var worst = mine.Value * 2 + (isEnd ? WorthAskingTwice : WorthAskingTwiceBefore);
        var drain = inFlight.Drain * LongerThanAll; // where our own link is what is full, nobody is late before that
        if (drain > worst) worst = drain;
        foreach (var other in peers.Values)
        {
            if (other == peer || other.Owed.Last is not { } last) continue;

            var theirs = Forecast.TimeLeft(other, now);
            if (theirs <= worst || FindToShare(peer, last) is not { } owed) continue;

            (worst, piece, block) = (theirs, open[owed.Piece], owed.Block);
        }

        piece?.Ask(peer.Key, block);
        return piece is not null;
    }

    private OwedBlock? FindToShare(Peer peer, LinkedListNode<OwedBlock>? node)
    {
        for (var looked = 0; node is not null && looked < MaxLooks; node = node.Previous, looked++)
        {
            var owed = node.Value;
            if (!open.TryGetValue(owed.Piece, out var piece) || piece.IsReceived(owed.Block) || !piece.CanBeAskedOf(peer)) continue;
            if (piece.IsExclusive || piece.Asked(owed.Block) is { Count: 0 or >= AskersPerBlock } || piece.Asked(owed.Block).Contains(peer.Key)) continue;

            return owed;
        }

        return null;
    }
}
