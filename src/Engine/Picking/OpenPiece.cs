using System.Runtime.InteropServices;
using Shoal.Core.Geometry;
using Shoal.Engine.Buffers;
using Shoal.Engine.Peers;

namespace Shoal.Engine.Picking;

/// <summary>A piece on its way: which of its blocks were asked for, of whom, and which have come. Peers share it.</summary>
internal sealed class OpenPiece
{
    private readonly BlockState[] _states;
    private readonly List<PeerKey>?[] _asked;
    private readonly PeerKey[] _givers;

    public OpenPiece(PieceIndex index, PieceBuffer buffer, int blocks)
        : this(index, buffer, null, blocks)
    {
    }

    public OpenPiece(PieceIndex index, PieceRuns runs, int blocks)
        : this(index, null, runs, blocks)
    {
    }

    private OpenPiece(PieceIndex index, PieceBuffer? buffer, PieceRuns? runs, int blocks)
    {
        (Index, Buffer, Runs) = (index, buffer, runs);
        _states = new BlockState[blocks];
        _asked = new List<PeerKey>?[blocks];
        _givers = new PeerKey[blocks];
        Free = blocks;
    }

    private enum BlockState : byte
    {
        Free,
        Asked,
        Received,
    }

    public PieceIndex Index { get; }

    /// <summary>Where it is held whole; null if it comes in runs.</summary>
    public PieceBuffer? Buffer { get; }

    /// <summary>Null if it is held whole.</summary>
    public PieceRuns? Runs { get; }

    public int BlockCount => _states.Length;

    /// <summary>Blocks that nobody was asked for.</summary>
    public int Free { get; private set; }

    public int Received { get; private set; }

    public bool IsWhole => Received == _states.Length;

    /// <summary>The peer that began it and is meant to finish it; null when it is anybody's.</summary>
    public PeerKey? Owner { get; set; }

    /// <summary>Set after a failure whose culprit is unknown: one peer gives the whole piece, and so answers for it.</summary>
    public bool IsExclusive { get; set; }

    /// <summary>Being proven and stored.</summary>
    public bool IsStoring { get; set; }

    /// <summary>Whether a free block could be asked for now, memory left aside.</summary>
    public bool HasReady
    {
        get
        {
            if (Runs is null || Free == 0) return Free > 0;

            for (var run = 0; run < Runs.Count; run++)
            {
                if (Runs.IsReady(run) || (Runs.IsOpen(run) && FreeIn(run) >= 0)) return true;
            }

            return false;
        }
    }

    public PieceBuffer? BufferOf(BlockIndex block) => Runs is null ? Buffer : Runs.BufferOf(block);

    /// <summary>Whether the block's bytes lie where they should: word of it may have crossed with its being given up.</summary>
    public bool IsFilled(BlockIndex block) => BufferOf(block)?.IsFilled(block) == true;

    public bool CanBeAskedOf(Peer peer) => !IsStoring && peer.MayBeAskedFor(Index);

    public bool IsReceived(BlockIndex block) => _states[block] == BlockState.Received;

    /// <summary>Peers that owe the block now.</summary>
    public IReadOnlyList<PeerKey> Asked(BlockIndex block) => _asked[block] ?? (IReadOnlyList<PeerKey>)[];

    /// <summary>The first block that nobody was asked for; of a piece in runs, the first for which there is memory.</summary>
    public bool TryTakeFree(PeerKey peer, out BlockIndex block)
    {
        block = new BlockIndex(Free == 0 ? -1 : Runs is null ? Array.IndexOf(_states, BlockState.Free) : FindFree(Runs));
        if (block < 0) return false;

        Ask(peer, block);
        return true;
    }

    /// <summary>Asks one more peer for a block that is still owed.</summary>
    public void Ask(PeerKey peer, BlockIndex block)
    {
        if (_states[block] == BlockState.Free) Free--;
        _states[block] = BlockState.Asked;
        var asked = _asked[block] ??= new List<PeerKey>(1);
        if (!asked.Contains(peer)) asked.Add(peer);
    }

    /// <summary>The peer is late with the block: it is anybody's, and taken from whoever is first.</summary>
    public void Lapse(BlockIndex block)
    {
        if (_states[block] != BlockState.Asked) return;

        _states[block] = BlockState.Free;
        Free++;
    }

    /// <summary>Whether every block of its run has come.</summary>
    public bool IsRunWhole(int run) => !StatesOf(run).ContainsAnyExcept((byte)BlockState.Received);

    /// <summary>The peer will not send the block.</summary>
    public void GiveUp(PeerKey peer, BlockIndex block)
    {
        if (_asked[block] is not { } asked || !asked.Remove(peer)) return;
        if (asked.Count == 0 && _states[block] == BlockState.Asked)
        {
            _states[block] = BlockState.Free;
            Free++;
        }

        DropIfIdle(block);
    }

    /// <summary>The block is in the buffer.</summary>
    public void Receive(PeerKey peer, BlockIndex block)
    {
        _asked[block]?.Remove(peer);
        if (_states[block] == BlockState.Received) return;
        if (_states[block] == BlockState.Free) Free--;

        _states[block] = BlockState.Received;
        _givers[block] = peer;
        Received++;
    }

    /// <summary>Who sent a block that was received.</summary>
    public PeerKey Giver(BlockIndex block) => _givers[block];

    public HashSet<PeerKey> Givers() => [.. _givers.Where((_, i) => _states[i] == BlockState.Received)];

    /// <summary>A received block is worthless: it is to be fetched again.</summary>
    public void Discard(BlockIndex block)
    {
        if (_states[block] != BlockState.Received) return;

        var isOwed = Asked(block).Count > 0;
        _states[block] = isOwed ? BlockState.Asked : BlockState.Free;
        Received--;
        if (!isOwed) Free++;
        Runs?.Reopen(PieceRuns.Of(block));
        BufferOf(block)?.Unclaim(block);
        DropIfIdle(block);
    }

    /// <summary>A block is in the buffer that does not count: its giver is not listened to any more.</summary>
    public void Refuse(BlockIndex block)
    {
        if (_states[block] != BlockState.Received) BufferOf(block)?.Unclaim(block);
    }

    private int FindFree(PieceRuns runs)
    {
        var isShort = false;
        for (var run = 0; run < runs.Count; run++)
        {
            if (!isShort && runs.IsReady(run)) isShort = !runs.TryOpen(run);
            if (runs.IsOpen(run) && FreeIn(run) is >= 0 and var free) return free;
        }

        return -1;
    }

    private int FreeIn(int run) => StatesOf(run).IndexOf((byte)BlockState.Free) is >= 0 and var at ? run * PieceRuns.Blocks + at : -1;

    private Span<byte> StatesOf(int run)
    {
        var first = run * PieceRuns.Blocks;
        return MemoryMarshal.AsBytes(_states.AsSpan(first, Math.Min(PieceRuns.Blocks, _states.Length - first)));
    }

    /// <summary>A run of which nothing has come and nothing is owed needs no memory.</summary>
    private void DropIfIdle(BlockIndex block)
    {
        if (Runs is null || !Runs.IsOpen(PieceRuns.Of(block)) || StatesOf(PieceRuns.Of(block)).ContainsAnyExcept((byte)BlockState.Free)) return;

        var first = PieceRuns.Of(block) * PieceRuns.Blocks;
        for (var i = first; i < Math.Min(first + PieceRuns.Blocks, _states.Length); i++)
        {
            if (_asked[i] is { Count: > 0 }) return; // late, and welcome all the same
        }

        Runs.Drop(PieceRuns.Of(block));
    }
}
