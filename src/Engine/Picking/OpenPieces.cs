using System.Diagnostics.CodeAnalysis;
using Shoal.Core.Geometry;
using Shoal.Engine.Buffers;
using Shoal.Engine.Peers;

namespace Shoal.Engine.Picking;

/// <summary>The pieces on their way: which of them have blocks that nobody was asked for, and whose each is. A peer works on one piece of its own at a time.</summary>
internal sealed class OpenPieces(TorrentGeometry geometry, SwarmMemory memory, RunLeaves leaves)
{
    private const int MostInRuns = 2; // one that is fetched, and one whose leaf hashes are asked for
    private readonly Dictionary<int, OpenPiece> _open = [];
    private readonly HashSet<OpenPiece> _withFree = [];
    private readonly Dictionary<PeerKey, OpenPiece> _current = [];

    public int Count => _open.Count;

    public IReadOnlyDictionary<int, OpenPiece> ByIndex => _open;

    /// <summary>Those with blocks that nobody was asked for.</summary>
    public IReadOnlyCollection<OpenPiece> WithFree => _withFree;

    public bool Contains(PieceIndex piece) => _open.ContainsKey(piece);

    public bool TryGet(PieceIndex index, [MaybeNullWhen(false)] out OpenPiece piece) => _open.TryGetValue(index, out piece);

    /// <summary>The piece that a peer began, or took over, last.</summary>
    public bool TryGetCurrent(Peer peer, [MaybeNullWhen(false)] out OpenPiece piece) => _current.TryGetValue(peer.Key, out piece);

    /// <summary>Whether of pieces that come in runs there are enough that the peer can be asked for.</summary>
    public bool HasEnoughInRuns(Peer peer)
    {
        var count = 0;
        foreach (var piece in _withFree)
        {
            if (piece.Runs is not null && !piece.IsExclusive && piece.CanBeAskedOf(peer) && ++count == MostInRuns) return true;
        }

        return false;
    }

    /// <summary>Whole, if there are to be several of its length in memory; else in runs, whose memory comes with each.</summary>
    /// <returns>False if there is no memory for it.</returns>
    public bool TryOpen(Peer peer, PieceIndex index, out OpenPiece piece)
    {
        piece = null!;
        var (length, blocks) = (geometry.LengthOf(index), geometry.BlockCountOf(index));
        if (memory.MayBeWhole(length) && memory.TryLease(length, out var buffer)) piece = new OpenPiece(index, buffer, blocks);
        else if (length <= PieceBufferPool.RunLength || (memory.MayBeWhole(length) && !memory.IsEmpty)) return false;
        else piece = new OpenPiece(index, new PieceRuns(memory, length, leaves.LeavesOf(index)), blocks);

        _open[index] = piece;
        Own(peer, piece);
        if (piece.Runs is not null) leaves.Want(piece);
        return true;
    }

    /// <summary>The piece's blocks changed: whether any are free.</summary>
    public void Track(OpenPiece piece)
    {
        if (piece.Free > 0 && !piece.IsStoring) _withFree.Add(piece);
        else _withFree.Remove(piece);
    }

    public void Own(Peer peer, OpenPiece piece)
    {
        if (_current.Remove(peer.Key, out var before) && before.Owner == peer.Key) before.Owner = before.Free > 0 ? null : peer.Key;
        piece.Owner = peer.Key;
        _current[peer.Key] = piece;
        Track(piece);
    }

    /// <summary>What was the peer's is anybody's.</summary>
    public void Disown(Peer peer)
    {
        _current.Remove(peer.Key);
        foreach (var piece in _open.Values)
        {
            if (piece.Owner != peer.Key) continue;

            piece.Owner = null;
            if (!piece.IsExclusive || piece.IsStoring) continue;

            for (var i = 0; i < piece.BlockCount; i++) piece.Discard(new BlockIndex(i)); // whoever takes it over answers for all of it
        }
    }

    /// <summary>Its owner goes on to another, unless it has already.</summary>
    public void DropCurrent(OpenPiece piece)
    {
        if (piece.Owner is { } owner && _current.TryGetValue(owner, out var current) && current == piece) _current.Remove(owner);
    }

    /// <summary>The peer will not send a block of it.</summary>
    public void GiveUp(Peer peer, OwedBlock owed)
    {
        if (!_open.TryGetValue(owed.Piece, out var piece)) return;

        piece.GiveUp(peer.Key, owed.Block);
        Track(piece);
    }

    /// <summary>What has come is worthless: the piece is fetched again.</summary>
    public void Reopen(OpenPiece piece, bool exclusive)
    {
        for (var i = 0; i < piece.BlockCount; i++) piece.Discard(new BlockIndex(i));
        piece.Owner = null;
        piece.IsExclusive = exclusive;
        piece.IsStoring = false;
        Track(piece);
    }

    public void Close(OpenPiece piece)
    {
        _open.Remove(piece.Index);
        _withFree.Remove(piece);
        DropCurrent(piece);
        Release(piece);
    }

    /// <summary>Gives all memory back.</summary>
    public void CloseAll()
    {
        foreach (var piece in _open.Values) Release(piece);
        _open.Clear();
        _withFree.Clear();
        _current.Clear();
    }

    private void Release(OpenPiece piece)
    {
        if (piece.Buffer is { } buffer) memory.Release(buffer);
        if (piece.Runs is null) return;

        piece.Runs.ReleaseAll();
        leaves.Drop(piece);
    }
}
