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
    {
        (Index, Buffer) = (index, buffer);
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

    public PieceBuffer Buffer { get; }

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

    public bool CanBeAskedOf(Peer peer) => !IsStoring && peer.MayBeAskedFor(Index);

    public bool IsReceived(BlockIndex block) => _states[block] == BlockState.Received;

    /// <summary>Peers that owe the block now.</summary>
    public IReadOnlyList<PeerKey> Asked(BlockIndex block) => _asked[block] ?? (IReadOnlyList<PeerKey>)[];

    /// <summary>The first block that nobody was asked for.</summary>
    public bool TryTakeFree(PeerKey peer, out BlockIndex block)
    {
        block = new BlockIndex(Free == 0 ? -1 : Array.IndexOf(_states, BlockState.Free));
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

    /// <summary>The peer will not send the block.</summary>
    public void GiveUp(PeerKey peer, BlockIndex block)
    {
        if (_asked[block] is not { } asked || !asked.Remove(peer)) return;
        if (asked.Count > 0 || _states[block] != BlockState.Asked) return;

        _states[block] = BlockState.Free;
        Free++;
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
        Buffer.Unclaim(block);
    }

    /// <summary>A block is in the buffer that does not count: its giver is not listened to any more.</summary>
    public void Refuse(BlockIndex block)
    {
        if (_states[block] != BlockState.Received) Buffer.Unclaim(block);
    }
}
