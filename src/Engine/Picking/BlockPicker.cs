using Shoal.Core.Geometry;
using Shoal.Engine.Peers;

namespace Shoal.Engine.Picking;

/// <summary>
/// What to ask a peer for next, a ranked list of preferences: what is needed by a time; finish the piece begun; take over what its peer left; help who is too slow; begin what
/// is wanted most, the rarest first; help with another's; and when nothing is left, ask again for what will come last.
/// </summary>
internal sealed class BlockPicker(TorrentGeometry geometry, OpenPieces open, PieceOrder order, Deadlines deadlines, InFlight inFlight, IReadOnlyDictionary<PeerKey, Peer> peers)
{
    private readonly Urgency _urgency = new(deadlines, peers, geometry);
    private readonly Helping _helping = new(peers, geometry);
    private readonly Endgame _endgame = new(peers, open.ByIndex, inFlight);

    /// <summary>Picks a block, and notes that the peer is asked for it.</summary>
    public bool TryTake(Peer peer, TimeSpan now, out OpenPiece piece, out BlockIndex block) =>
        TryTakeUrgent(peer, now, out piece, out block) || TryTakeFree(peer, out piece, out block) || _endgame.TryTake(peer, now, order.IsEmpty, out piece, out block);

    /// <summary>All who can be of help in time work on what is needed soonest, whoever began it.</summary>
    private bool TryTakeUrgent(Peer peer, TimeSpan now, out OpenPiece piece, out BlockIndex block)
    {
        (piece, block) = (null!, default);
        if (deadlines.IsEmpty) return false;

        foreach (var index in _urgency.For(peer, now))
        {
            if (!open.TryGet(index, out piece!))
            {
                if (order.Contains(index) && TryOpen(peer, index, out piece)) return Take(peer, piece, out block);
                continue;
            }

            if (piece.IsExclusive && piece.Owner is { } owner && owner != peer.Key) continue;
            if (Take(peer, piece, out block)) return true;
            if (!piece.CanBeAskedOf(peer) || !_urgency.TryFindLate(peer, piece, now, out block)) continue;

            piece.Ask(peer.Key, block);
            return true;
        }

        return false;
    }

    private bool TryTakeFree(Peer peer, out OpenPiece piece, out BlockIndex block)
    {
        if (open.TryGetCurrent(peer, out piece!) && Take(peer, piece, out block)) return true;

        foreach (var orphan in open.WithFree)
        {
            if (orphan.Owner is not null || !Take(peer, orphan, out block)) continue;

            piece = orphan;
            open.Own(peer, piece);
            return true;
        }

        if (_helping.Find(peer, open.WithFree) is { } slow && Take(peer, slow, out block))
        {
            piece = slow;
            return true;
        }

        if (!peer.IsSnubbed && TryBegin(peer, out piece) && Take(peer, piece, out block)) return true;

        foreach (var other in open.WithFree)
        {
            if (other.IsExclusive || !Take(peer, other, out block)) continue;

            piece = other;
            return true;
        }

        block = default;
        return false;
    }

    private bool TryBegin(Peer peer, out OpenPiece piece)
    {
        piece = null!;
        if (open.HasEnoughInRuns(peer)) return false;
        if (TryPickSuggested(peer, out var suggested)) return TryOpen(peer, suggested, out piece);

        return (TryNext(peer, out var index) || order.TryPick(peer.Askable, peer.Refused, out index)) && TryOpen(peer, index, out piece);
    }

    /// <summary>What a seed suggests it gives to nobody else; so it goes first, unless somebody has it by now.</summary>
    private bool TryPickSuggested(Peer peer, out PieceIndex piece)
    {
        while (peer.Suggested.TryDequeue(out piece))
        {
            if (order.IsRareAndNext(piece) && peer.MayBeAskedFor(piece)) return true;
        }

        return false;
    }

    private bool TryOpen(Peer peer, PieceIndex index, out OpenPiece piece)
    {
        if (!open.TryOpen(peer, index, out piece)) return false;

        order.Remove(index);
        peer.LastBegun = index;
        return true;
    }

    /// <summary>Of a web seed, the piece behind the last one: a long run is one request.</summary>
    private bool TryNext(Peer peer, out PieceIndex next)
    {
        next = new PieceIndex((peer.LastBegun ?? default) + 1);
        return peer is { WebSeed: not null, LastBegun: not null } && next < geometry.PieceCount && order.Contains(next) && peer.MayBeAskedFor(next);
    }

    private bool Take(Peer peer, OpenPiece piece, out BlockIndex block)
    {
        block = default;
        if (!piece.CanBeAskedOf(peer) || !piece.TryTakeFree(peer.Key, out block)) return false;

        open.Track(piece);
        if (piece.Runs is not null && piece.Free == piece.BlockCount / 2 && !peer.IsSnubbed) TryBegin(peer, out _); // its leaf hashes are here by the time they are needed
        return true;
    }
}
