using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Engine.Buffers;
using Shoal.Engine.Peers;
using Shoal.Storage;
using Shoal.Wire;

namespace Shoal.Engine.Picking;

/// <summary>
/// What is on its way: who owes which block, and what becomes of what comes. What to ask next is for <see cref="BlockPicker"/>, which pieces are open for <see cref="OpenPieces"/>.
/// </summary>
internal sealed class Downloads
{
    private readonly TorrentInfo _info;
    private readonly TorrentGeometry _geometry;
    private readonly PieceLayers _layers;
    private readonly IReadOnlyDictionary<PeerKey, Peer> _peers;
    private readonly Bitfield _have;
    private readonly Wishes _wishes;
    private readonly ISwarmEffects _effects;
    private readonly PieceOrder _order;
    private readonly RunLeaves _leaves;
    private readonly OpenPieces _open;
    private readonly BlockPicker _picker;
    private readonly InFlight _inFlight;
    private readonly Deadlines _deadlines = new();
    private readonly Disputes _disputes;
    private readonly Suspects _suspects = new();
    private readonly TimeSpan _patience;

    public Downloads(TorrentInfo info, PieceLayers layers, Bitfield have, Wishes wishes, PieceBufferPool buffers, Random random, ISwarmEffects effects, IReadOnlyDictionary<PeerKey, Peer> peers, TimeSpan patience)
    {
        (_info, _geometry, _layers, _have, _wishes, _effects, _peers) = (info, info.Geometry, layers, have, wishes, effects, peers);
        _order = new PieceOrder(wishes, _geometry.PieceCount, random);
        _leaves = new RunLeaves(info, layers, peers);
        _open = new OpenPieces(_geometry, new SwarmMemory(buffers), _leaves);
        _inFlight = new InFlight(peers);
        _picker = new BlockPicker(_geometry, _open, _order, _deadlines, _inFlight, peers);
        _disputes = new Disputes(info, layers);
        _patience = patience;
        for (var file = 0; file < _geometry.FileCount; file++) OnLayerKnown(new FileIndex(file));
    }

    /// <summary>How many peers have each piece, seeds left out.</summary>
    public ReadOnlySpan<int> Availability => _order.Availability;

    /// <summary>Whether pieces are begun in the order of the content, and not the rarest first.</summary>
    public bool IsInOrder
    {
        set => _order.IsInOrder = value;
    }

    public bool IsOpen(PieceIndex piece) => _open.Contains(piece);

    /// <summary>Gives all memory back; nothing is asked for after this.</summary>
    public void Close() => _open.CloseAll();

    /// <summary>A file's pieces can be proven, so they may be fetched.</summary>
    public void OnLayerKnown(FileIndex file)
    {
        if (!_layers.CanProve(file)) return;

        foreach (var piece in _geometry.PiecesOf(file))
        {
            if (!_have[piece] && _wishes.IsWanted(piece) && !_open.Contains(piece)) _order.Add(piece);
        }
    }

    /// <summary>Pieces are wanted more, less, or not at all.</summary>
    public void Prioritize(PieceRange range, PiecePriority priority)
    {
        for (var i = range.First.Value; i < range.First + range.Count; i++)
        {
            var piece = new PieceIndex(i);
            _order.Remove(piece);
            _wishes.Set(piece, priority);
            if (priority == PiecePriority.None) Abandon(piece);
            else if (!_have[i] && !_open.Contains(new PieceIndex(i)) && _layers.CanProve(_geometry.FileOf(piece))) _order.Add(piece);
        }
    }

    /// <summary>Pieces are needed by a time, and wanted.</summary>
    public void Prefer(PieceRange range, TimeSpan at)
    {
        for (var i = range.First.Value; i < range.First + range.Count; i++)
        {
            var piece = new PieceIndex(i);
            if (!_wishes.IsWanted(piece)) Prioritize(new PieceRange(piece, 1), PiecePriority.Normal);
            if (!_have[i]) _deadlines.Set(piece, at);
        }
    }

    private void Abandon(PieceIndex index)
    {
        _deadlines.Remove(index);
        if (!_open.TryGet(index, out var piece) || piece.IsStoring) return;

        foreach (var peer in _peers.Values)
        {
            for (var node = peer.Owed.First; node is not null;)
            {
                var owed = node;
                node = node.Next;
                if (owed.Value.Piece != index) continue;

                _effects.SendCancel(peer.Key, index, owed.Value.Block);
                peer.Owed.Remove(owed);
            }
        }

        _open.Close(piece);
    }

    public void OnPeerSaid(Peer peer)
    {
        if (peer.Has is null) return;

        for (var piece = peer.Has.NextSet(0); piece >= 0; piece = peer.Has.NextSet(piece + 1)) _order.Raise(new PieceIndex(piece));
    }

    public void OnPeerGained(PieceIndex piece) => _order.Raise(piece);

    public void OnPeerLost(PieceIndex piece) => _order.Lower(piece);

    /// <summary>The peer is gone: what it owed is anybody's.</summary>
    public void Forget(Peer peer)
    {
        ReleaseAll(peer);
        _disputes.Forget(peer.Key);
        _leaves.Forget(peer.Key);
        if (peer.Has is null) return;

        for (var piece = peer.Has.NextSet(0); piece >= 0; piece = peer.Has.NextSet(piece + 1)) _order.Lower(new PieceIndex(piece));
    }

    /// <summary>The peer will send none of what it owes.</summary>
    public void ReleaseAll(Peer peer)
    {
        foreach (var owed in peer.Owed)
        {
            _open.GiveUp(peer, owed);
            _effects.SendCancel(peer.Key, owed.Piece, owed.Block);
        }

        peer.Owed.Clear();
        _open.Disown(peer);
    }

    /// <summary>The peer owes for too long: others are asked for it, and what it sends in the end is taken if it is still of use.</summary>
    public void Snub(Peer peer)
    {
        peer.IsSnubbed = true;
        peer.Window.Collapse();
        if (peer.Owed.First is { Value: var oldest } && _open.TryGet(oldest.Piece, out var piece))
        {
            piece.Lapse(oldest.Block);
            _open.Track(piece);
        }

        for (var node = peer.Owed.First?.Next; node is not null; node = peer.Owed.First!.Next)
        {
            _open.GiveUp(peer, node.Value);
            _effects.SendCancel(peer.Key, node.Value.Piece, node.Value.Block); // lets the memory go; the oldest may be half way
            peer.Owed.Remove(node);
        }

        _open.Disown(peer);
    }

    /// <summary>Fills the peer's window.</summary>
    public void Ask(Peer peer, TimeSpan now)
    {
        var room = peer.Window.Size - peer.Owed.Count;
        if (room < Math.Min(16, peer.Window.Size / 4) && peer.Owed.Count > 0) return; // in runs, so that the other side can read in runs

        room = Math.Min(room, _inFlight.RoomFor(peer));
        for (; room > 0; room--)
        {
            if (!_picker.TryTake(peer, now, out var piece, out var block)) break;

            if (peer.Owed.Count == 0) peer.LastBlock = now;
            peer.Owed.AddLast(new OwedBlock(piece.Index, block, now, peer.Owed.Count == 0));
            _effects.SendRequest(peer.Key, piece.Index, block, piece.BufferOf(block)!);
        }

        if (_leaves.IsEmpty) return;

        foreach (var request in _leaves.Pick(peer, now, _patience)) _effects.SendHashRequest(peer.Key, request);
    }

    /// <summary>Time passes.</summary>
    public void Tick(TimeSpan now) => _leaves.Tick(now, _patience * 2); // whoever is asked may have to hash the whole piece first

    public void OnReceived(Peer peer, SwarmEvent.BlocksReceived e, TimeSpan now)
    {
        peer.LastBlock = now;
        peer.IsSnubbed = false;
        peer.Window.OnReceived(e.Count, e.Bytes);
        _inFlight.OnReceived(e.Bytes, now);
        for (var i = 0; i < e.Count; i++)
        {
            var block = new BlockIndex(e.First + i);
            Settle(peer, e.Piece, block, now);
            if (!_open.TryGet(e.Piece, out var piece) || !piece.IsFilled(block)) continue;

            piece.Receive(peer.Key, block);
            _open.Track(piece);
            foreach (var other in piece.Asked(block).ToArray())
            {
                piece.GiveUp(other, block);
                _effects.SendCancel(other, e.Piece, block);
                if (_peers.TryGetValue(other, out var late) && !late.Handshake.HasFast) Settle(late, e.Piece, block, null); // it will not answer
            }

            if (piece.Runs is not null) StoreRunIfWhole(piece, piece.Runs, PieceRuns.Of(block));
            else if (piece.IsWhole && !piece.IsStoring) BeginStoring(piece);
        }
    }

    private void BeginStoring(OpenPiece piece)
    {
        piece.IsStoring = true;
        _open.DropCurrent(piece);
        if (piece.Buffer is { } buffer) _effects.StorePiece(piece.Index, buffer);
        else _effects.EnterPiece(piece.Index);
    }

    private void StoreRunIfWhole(OpenPiece piece, PieceRuns runs, int run)
    {
        if (!runs.IsOpen(run) || !piece.IsRunWhole(run)) return;

        var buffer = runs.BeginStoring(run, out var proof);
        _effects.StoreRun(piece.Index, buffer, proof);
    }

    /// <returns>Peers that are proven to have sent what is wrong.</returns>
    public IReadOnlyCollection<PeerKey> OnRunStored(SwarmEvent.RunStored e)
    {
        if (!_open.TryGet(e.Piece, out var piece) || piece.Runs is not { } runs || !runs.IsStoring(e.Buffer)) return [];

        var run = PieceRuns.Of(e.Buffer.First);
        if (e.Status == PutStatus.Stored)
        {
            runs.OnStored(run);
            if (runs.AreAllStored) BeginStoring(piece);
            return [];
        }

        runs.OnNotStored(run);
        IReadOnlyCollection<PeerKey> blamed = [];
        if (e.Status == PutStatus.Corrupt) blamed = Disputes.DiscardBad(piece, e.Buffer, runs.Leaves!.Of(e.Buffer.First, e.Buffer.BlockCount));
        else for (var i = 0; i < e.Buffer.BlockCount; i++) piece.Discard(new BlockIndex(e.Buffer.First + i));
        _open.Track(piece);
        return blamed;
    }

    /// <summary>Blocks of a peer that is not listened to any more.</summary>
    public void OnRefused(SwarmEvent.BlocksReceived e)
    {
        if (!_open.TryGet(e.Piece, out var piece)) return;

        for (var i = 0; i < e.Count; i++) piece.Refuse(new BlockIndex(e.First + i));
    }

    public void OnWasted(Peer peer, SwarmEvent.BlockWasted e, TimeSpan now)
    {
        _open.GiveUp(peer, new OwedBlock(e.Piece, e.Block, now, false));
        peer.LastBlock = now;
        peer.IsSnubbed = false;
        peer.Window.OnReceived(1, e.Bytes);
        _inFlight.OnReceived(e.Bytes, now);
        Settle(peer, e.Piece, e.Block, now);
    }

    public void OnRejected(Peer peer, PieceIndex index, BlockIndex block, TimeSpan now)
    {
        Settle(peer, index, block, null);
        if (!_open.TryGet(index, out var piece)) return;

        var isWanted = piece.Asked(block).Contains(peer.Key); // and was not taken back
        if (isWanted && !peer.IsChoking) peer.Refuse(index, now);
        piece.GiveUp(peer.Key, block);
        if (piece.Owner == peer.Key) _open.Disown(peer);
        _open.Track(piece);
    }

    /// <returns>Peers that are proven to have sent what is wrong.</returns>
    public IReadOnlyCollection<PeerKey> OnStored(PieceIndex index, PutStatus status)
    {
        if (!_open.TryGet(index, out var piece)) return [];
        if (status == PutStatus.Corrupt)
        {
            var givers = piece.Givers();
            if (givers.Count > 1 && piece.Runs is null && ProvesByTree(index) && _disputes.TryOpen(piece)) return [];
            if (givers.Count > 1 && piece.Runs is null && !ProvesByTree(index)) _suspects.Remember(piece);

            _open.Reopen(piece, exclusive: givers.Count > 1);
            return givers.Count == 1 ? givers : [];
        }

        var blamed = status == PutStatus.Stored && piece.Runs is null ? _suspects.Compare(piece) : [];
        _open.Close(piece);
        if (status == PutStatus.Stored)
        {
            if (_have.Set(index)) _wishes.Gained(index);
            _deadlines.Remove(index);
            _effects.PieceArrived(index, piece.Giver(default));
        }
        else if (_wishes.IsWanted(index))
        {
            _order.Add(index);
        }

        return blamed;
    }

    /// <summary>A piece is there that nobody was asked for.</summary>
    public void OnGained(PieceIndex piece)
    {
        _order.Remove(piece);
        _deadlines.Remove(piece);
        if (_have.Set(piece)) _wishes.Gained(piece);
    }

    public void OnLost(PieceIndex piece)
    {
        _wishes.Lost(piece);
        if (_wishes.IsWanted(piece) && _layers.CanProve(_geometry.FileOf(piece))) _order.Add(piece);
    }

    /// <summary>Leaf hashes to ask a peer for, so that a bad block can be told from good ones.</summary>
    public IEnumerable<HashRequest> PickLeaves(Peer peer, TimeSpan now, TimeSpan patience)
    {
        foreach (var hopeless in _disputes.TakeHopeless(now, patience)) _open.Reopen(hopeless, exclusive: true);
        return _leaves.IsEmpty ? _disputes.Pick(peer, now, patience) : [.. _disputes.Pick(peer, now, patience), .. _leaves.Pick(peer, now, patience)];
    }

    /// <returns>Peers to blame; null if the answer belongs to no dispute.</returns>
    public IReadOnlyCollection<PeerKey>? OnLeaves(Peer peer, HashRequest request, ReadOnlySpan<byte> leaves)
    {
        if (_leaves.TryTake(request, leaves, out var lied)) return lied ? [peer.Key] : [];
        if (!_disputes.TrySettle(request, leaves, out var piece, out var blamed)) return null;

        if (piece is null) return blamed;

        if (blamed.Count == 0)
        {
            _open.Reopen(piece, exclusive: true);
            return blamed;
        }

        piece.Owner = null;
        piece.IsStoring = false;
        _open.Track(piece);

        return blamed;
    }

    /// <summary>Whether leaf hashes can tell which block of a piece is wrong.</summary>
    private bool ProvesByTree(PieceIndex piece) => _info.HasV2 && _layers.IsKnown(piece);

    public bool OnLeavesRejected(Peer peer, HashRequest request) => _leaves.TryReject(peer, request) || _disputes.OnRejected(request);

    private static void Settle(Peer peer, PieceIndex piece, BlockIndex block, TimeSpan? now)
    {
        for (var node = peer.Owed.First; node is not null; node = node.Next)
        {
            if (node.Value.Piece != piece || node.Value.Block != block) continue;

            if (node.Value.WasFirst && now is { } at) peer.Window.OnRoundTrip(at - node.Value.AskedAt);
            peer.Owed.Remove(node);
            return;
        }
    }
}
