using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine.Peers;

namespace Shoal.Engine.Picking;

/// <summary>Which pieces are wanted, and how much; and how many of them are missing.</summary>
internal sealed class Wishes
{
    private readonly Bitfield _have;
    private readonly PiecePriority[] _priorities;

    /// <param name="have">What is there; told of each change by <see cref="Gained"/> and <see cref="Lost"/>.</param>
    /// <param name="wanted">Null for all.</param>
    public Wishes(Bitfield have, Bitfield? wanted = null)
    {
        _have = have;
        _priorities = new PiecePriority[have.Length];
        Wanted = new Bitfield(have.Length);
        for (var i = wanted?.NextSet(0) ?? 0; i >= 0 && i < have.Length; i = wanted?.NextSet(i + 1) ?? i + 1) Set(new PieceIndex(i), PiecePriority.Normal);
    }

    public Bitfield Wanted { get; }

    /// <summary>How many wanted pieces are not there.</summary>
    public int Missing { get; private set; }

    public bool IsDone => Missing == 0;

    public PiecePriority this[PieceIndex piece] => _priorities[piece];

    public bool IsWanted(PieceIndex piece) => Wanted[piece];

    /// <returns>Whether that is new.</returns>
    public bool Set(PieceIndex piece, PiecePriority priority)
    {
        if (_priorities[piece] == priority) return false;

        _priorities[piece] = priority;
        var isChanged = priority == PiecePriority.None ? Wanted.Clear(piece) : Wanted.Set(piece);
        if (isChanged && !_have[piece]) Missing += priority == PiecePriority.None ? -1 : 1;
        return true;
    }

    /// <summary>The piece is there now.</summary>
    public void Gained(PieceIndex piece)
    {
        if (Wanted[piece]) Missing--;
    }

    /// <summary>The piece was there and is not any more.</summary>
    public void Lost(PieceIndex piece)
    {
        if (Wanted[piece]) Missing++;
    }

    /// <summary>Whether the peer has a piece that is wanted and missing.</summary>
    public bool AreServedBy(Peer peer) => peer.HasSaid && (peer.Has is null ? !IsDone : _have.Lacks(peer.Has, Wanted));
}
