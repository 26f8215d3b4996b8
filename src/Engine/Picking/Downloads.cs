using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Engine.Buffers;
using Shoal.Engine.Peers;
using Shoal.Storage;
using Shoal.Wire;

namespace Shoal.Engine.Picking;

/// <summary>
/// What is on its way: open pieces, who owes which block, and what to ask next. A ranked list of preferences: what is needed by a time; finish the piece begun; take over what
/// its peer left; help who is too slow; begin what is wanted most, the rarest first; help with another's; and when nothing is left, ask again for what will come last.
/// </summary>
internal sealed class Downloads
{
    private readonly TorrentGeometry _geometry;
    private readonly PieceLayers _layers;
    private readonly IReadOnlyDictionary<PeerKey, Peer> _peers;
    private readonly Bitfield _have;
    private readonly Wishes _wishes;
    private readonly PieceBufferPool _buffers;
    private readonly ISwarmEffects _effects;
    private readonly PieceOrder _picker;
    private readonly Deadlines _deadlines = new();
    private readonly Urgency _urgency;
    private readonly Helping _helping;
    private readonly TorrentInfo _info;
    private readonly Disputes _disputes;
    private readonly Suspects _suspects = new();
    private readonly Endgame _endgame;
    private readonly InFlight _inFlight;
    private readonly Dictionary<int, OpenPiece> _open = [];
    private readonly HashSet<OpenPiece> _withFree = [];
    private readonly Dictionary<PeerKey, OpenPiece> _current = [];

    public Downloads(TorrentInfo info, PieceLayers layers, Bitfield have, Wishes wishes, PieceBufferPool buffers, Random random, ISwarmEffects effects, IReadOnlyDictionary<PeerKey, Peer> peers)
    {
        (_peers, _wishes) = (peers, wishes);
        (_geometry, _layers, _have, _buffers, _effects) = (info.Geometry, layers, have, buffers, effects);
        _picker = new PieceOrder(wishes, _geometry.PieceCount, random);
        _urgency = new Urgency(_deadlines, peers, _geometry);
        _helping = new Helping(peers, _geometry);
        _info = info;
        _disputes = new Disputes(info, layers);
        _endgame = new Endgame(peers, _open, _inFlight = new InFlight(peers));
        for (var file = 0; file < _geometry.FileCount; file++) OnLayerKnown(new FileIndex(file));
    }

    public int OpenPieces => _open.Count;

    /// <summary>How many peers have each piece, seeds left out.</summary>
    public ReadOnlySpan<int> Availability => _picker.Availability;

    /// <summary>Whether pieces are begun in the order of the content, and not the rarest first.</summary>
    public bool IsInOrder
    {
        set => _picker.IsInOrder = value;
    }

    public bool IsOpen(PieceIndex piece) => _open.ContainsKey(piece);

    /// <summary>Gives all memory back; nothing is asked for after this.</summary>
    public void Close()
    {
        foreach (var piece in _open.Values) piece.Buffer.Release();
        _open.Clear();
        _withFree.Clear();
        _current.Clear();
    }

    /// <summary>A file's pieces can be proven, so they may be fetched.</summary>
    public void OnLayerKnown(FileIndex file)
    {
        if (!_layers.CanProve(file)) return;

        foreach (var piece in _geometry.PiecesOf(file))
        {
            if (!_have[piece] && _wishes.IsWanted(piece) && !_open.ContainsKey(piece)) _picker.Add(piece);
        }
    }

    /// <summary>Pieces are wanted more, less, or not at all.</summary>
    public void Prioritize(PieceRange range, PiecePriority priority)
    {
        for (var i = range.First.Value; i < range.First + range.Count; i++)
        {
            var piece = new PieceIndex(i);
            _picker.Remove(piece);
            _wishes.Set(piece, priority);
            if (priority == PiecePriority.None) Abandon(piece);
            else if (!_have[i] && !_open.ContainsKey(i) && _layers.CanProve(_geometry.FileOf(piece))) _picker.Add(piece);
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
        if (!_open.TryGetValue(index, out var piece) || piece.IsStoring) return;

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

        Close(piece);
    }

    public void OnPeerSaid(Peer peer)
    {
        if (peer.Has is null) return;

        for (var piece = peer.Has.NextSet(0); piece >= 0; piece = peer.Has.NextSet(piece + 1)) _picker.Raise(new PieceIndex(piece));
    }

    public void OnPeerGained(PieceIndex piece) => _picker.Raise(piece);

    public void OnPeerLost(PieceIndex piece) => _picker.Lower(piece);

    /// <summary>The peer is gone: what it owed is anybody's.</summary>
    public void Forget(Peer peer)
    {
        ReleaseAll(peer);
        _disputes.Forget(peer.Key);
        if (peer.Has is null) return;

        for (var piece = peer.Has.NextSet(0); piece >= 0; piece = peer.Has.NextSet(piece + 1)) _picker.Lower(new PieceIndex(piece));
    }

    /// <summary>The peer will send none of what it owes.</summary>
    public void ReleaseAll(Peer peer)
    {
        foreach (var owed in peer.Owed)
        {
            GiveUp(peer, owed);
            _effects.SendCancel(peer.Key, owed.Piece, owed.Block);
        }

        peer.Owed.Clear();
        Disown(peer);
    }

    /// <summary>The peer owes for too long: others are asked for it, and what it sends in the end is taken if it is still of use.</summary>
    public void Snub(Peer peer)
    {
        peer.IsSnubbed = true;
        peer.Window.Collapse();
        if (peer.Owed.First is { Value: var oldest } && _open.TryGetValue(oldest.Piece, out var piece))
        {
            piece.Lapse(oldest.Block);
            Track(piece);
        }

        for (var node = peer.Owed.First?.Next; node is not null; node = peer.Owed.First!.Next)
        {
            GiveUp(peer, node.Value);
            _effects.SendCancel(peer.Key, node.Value.Piece, node.Value.Block); // lets the memory go; the oldest may be half way
            peer.Owed.Remove(node);
        }

        Disown(peer);
    }

    /// <summary>Fills the peer's window.</summary>
    public void Ask(Peer peer, TimeSpan now)
    {
        var room = peer.Window.Size - peer.Owed.Count;
        if (room < Math.Min(16, peer.Window.Size / 4) && peer.Owed.Count > 0) return; // in runs, so that the other side can read in runs

        room = Math.Min(room, _inFlight.RoomFor(peer));
        for (; room > 0; room--)
        {
            if (!TryTakeUrgent(peer, now, out var piece, out var block) && !TryTakeFree(peer, out piece, out block) && !_endgame.TryTake(peer, now, _picker.IsEmpty, out piece, out block)) return;

            if (peer.Owed.Count == 0) peer.LastBlock = now;
            peer.Owed.AddLast(new OwedBlock(piece.Index, block, now, peer.Owed.Count == 0));
            _effects.SendRequest(peer.Key, piece.Index, block, piece.Buffer);
        }
    }

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
            if (!_open.TryGetValue(e.Piece, out var piece)) continue;

            piece.Receive(peer.Key, block);
            Track(piece);
            foreach (var other in piece.Asked(block).ToArray())
            {
                piece.GiveUp(other, block);
                _effects.SendCancel(other, e.Piece, block);
                if (_peers.TryGetValue(other, out var late) && !late.Handshake.HasFast) Settle(late, e.Piece, block, null); // it will not answer
            }

            if (!piece.IsWhole || piece.IsStoring) continue;

            piece.IsStoring = true;
            DropCurrent(piece);
            _effects.StorePiece(piece.Index, piece.Buffer);
        }
    }

    /// <summary>Blocks of a peer that is not listened to any more.</summary>
    public void OnRefused(SwarmEvent.BlocksReceived e)
    {
        if (!_open.TryGetValue(e.Piece, out var piece)) return;

        for (var i = 0; i < e.Count; i++) piece.Refuse(new BlockIndex(e.First + i));
    }

    public void OnWasted(Peer peer, SwarmEvent.BlockWasted e, TimeSpan now)
    {
        GiveUp(peer, new OwedBlock(e.Piece, e.Block, now, false));
        peer.LastBlock = now;
        peer.IsSnubbed = false;
        peer.Window.OnReceived(1, e.Bytes);
        _inFlight.OnReceived(e.Bytes, now);
        Settle(peer, e.Piece, e.Block, now);
    }

    public void OnRejected(Peer peer, PieceIndex index, BlockIndex block, TimeSpan now)
    {
        Settle(peer, index, block, null);
        if (!_open.TryGetValue(index, out var piece)) return;

        var isWanted = piece.Asked(block).Contains(peer.Key); // and was not taken back
        if (isWanted && !peer.IsChoking) peer.Refuse(index, now);
        piece.GiveUp(peer.Key, block);
        if (piece.Owner == peer.Key) Disown(peer);
        Track(piece);
    }

    /// <returns>Peers that are proven to have sent what is wrong.</returns>
    public IReadOnlyCollection<PeerKey> OnStored(PieceIndex index, PutStatus status)
    {
        if (!_open.TryGetValue(index, out var piece)) return [];
        if (status == PutStatus.Corrupt)
        {
            var givers = piece.Givers();
            if (givers.Count > 1 && ProvesByTree(index) && _disputes.TryOpen(piece)) return [];
            if (givers.Count > 1 && !ProvesByTree(index)) _suspects.Remember(piece);

            Reopen(piece, exclusive: givers.Count > 1);
            return givers.Count == 1 ? givers : [];
        }

        var blamed = status == PutStatus.Stored ? _suspects.Compare(piece) : [];
        Close(piece);
        if (status == PutStatus.Stored)
        {
            if (_have.Set(index)) _wishes.Gained(index);
            _deadlines.Remove(index);
            _effects.PieceArrived(index, piece.Giver(default));
        }
        else if (_wishes.IsWanted(index))
        {
            _picker.Add(index);
        }

        return blamed;
    }

    /// <summary>A piece is there that nobody was asked for.</summary>
    public void OnGained(PieceIndex piece)
    {
        _picker.Remove(piece);
        _deadlines.Remove(piece);
        if (_have.Set(piece)) _wishes.Gained(piece);
    }

    public void OnLost(PieceIndex piece)
    {
        _wishes.Lost(piece);
        if (_wishes.IsWanted(piece) && _layers.CanProve(_geometry.FileOf(piece))) _picker.Add(piece);
    }

    /// <summary>Leaf hashes to ask a peer for, so that a bad block can be told from good ones.</summary>
    public IEnumerable<HashRequest> PickLeaves(Peer peer, TimeSpan now, TimeSpan patience)
    {
        foreach (var hopeless in _disputes.TakeHopeless(now, patience)) Reopen(hopeless, exclusive: true);
        return _disputes.Pick(peer, now, patience);
    }

    /// <returns>Peers to blame; null if the answer belongs to no dispute.</returns>
    public IReadOnlyCollection<PeerKey>? OnLeaves(HashRequest request, ReadOnlySpan<byte> leaves)
    {
        if (!_disputes.TrySettle(request, leaves, out var piece, out var blamed)) return null;

        if (piece is null) return blamed;

        if (blamed.Count == 0)
        {
            Reopen(piece, exclusive: true);
            return blamed;
        }

        piece.Owner = null;
        piece.IsStoring = false;
        Track(piece);

        return blamed;
    }

    /// <summary>Whether leaf hashes can tell which block of a piece is wrong.</summary>
    private bool ProvesByTree(PieceIndex piece) => _info.HasV2 && _layers.IsKnown(piece);

    public bool OnLeavesRejected(HashRequest request) => _disputes.OnRejected(request);

    /// <summary>All who can be of help in time work on what is needed soonest, whoever began it.</summary>
    private bool TryTakeUrgent(Peer peer, TimeSpan now, out OpenPiece piece, out BlockIndex block)
    {
        (piece, block) = (null!, default);
        if (_deadlines.IsEmpty) return false;

        foreach (var index in _urgency.For(peer, now))
        {
            if (!_open.TryGetValue(index, out piece!))
            {
                if (_picker.Contains(index) && TryOpen(peer, index, out piece)) return Take(peer, piece, out block);
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
        if (_current.TryGetValue(peer.Key, out piece!) && Take(peer, piece, out block)) return true;

        foreach (var orphan in _withFree)
        {
            if (orphan.Owner is not null || !orphan.CanBeAskedOf(peer)) continue;

            piece = orphan;
            Own(peer, piece);
            return Take(peer, piece, out block);
        }

        if (_helping.Find(peer, _withFree) is { } slow)
        {
            piece = slow;
            return Take(peer, piece, out block);
        }

        if (!peer.IsSnubbed && TryBegin(peer, out piece)) return Take(peer, piece, out block);

        foreach (var other in _withFree)
        {
            if (other.IsExclusive || !other.CanBeAskedOf(peer)) continue;

            piece = other;
            return Take(peer, piece, out block);
        }

        block = default;
        return false;
    }

    private bool TryBegin(Peer peer, out OpenPiece piece)
    {
        piece = null!;
        if (TryPickSuggested(peer, out var suggested)) return TryOpen(peer, suggested, out piece);

        return (TryNext(peer, out var index) || _picker.TryPick(peer.Askable, peer.Refused, out index)) && TryOpen(peer, index, out piece);
    }

    /// <summary>What a seed suggests it gives to nobody else; so it goes first, unless somebody has it by now.</summary>
    private bool TryPickSuggested(Peer peer, out PieceIndex piece)
    {
        while (peer.Suggested.TryDequeue(out piece))
        {
            if (_picker.IsRareAndNext(piece) && peer.MayBeAskedFor(piece)) return true;
        }

        return false;
    }

    private bool TryOpen(Peer peer, PieceIndex index, out OpenPiece piece)
    {
        piece = null!;
        if (!_buffers.TryLease(_geometry.LengthOf(index), _open.Count, out var buffer)) return false;

        _picker.Remove(index);
        peer.LastBegun = index;
        piece = new OpenPiece(index, buffer, _geometry.BlockCountOf(index));
        _open[index] = piece;
        Own(peer, piece);
        return true;
    }

    /// <summary>Of a web seed, the piece behind the last one: a long run is one request.</summary>
    private bool TryNext(Peer peer, out PieceIndex next)
    {
        next = new PieceIndex((peer.LastBegun ?? default) + 1);
        return peer is { WebSeed: not null, LastBegun: not null } && next < _geometry.PieceCount && _picker.Contains(next) && peer.MayBeAskedFor(next);
    }

    private bool Take(Peer peer, OpenPiece piece, out BlockIndex block)
    {
        block = default;
        if (!piece.CanBeAskedOf(peer) || !piece.TryTakeFree(peer.Key, out block)) return false;

        Track(piece);
        return true;
    }

    private void Own(Peer peer, OpenPiece piece)
    {
        if (_current.Remove(peer.Key, out var before) && before.Owner == peer.Key) before.Owner = before.Free > 0 ? null : peer.Key;
        piece.Owner = peer.Key;
        _current[peer.Key] = piece;
        Track(piece);
    }

    private void Disown(Peer peer)
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
    private void DropCurrent(OpenPiece piece)
    {
        if (piece.Owner is { } owner && _current.TryGetValue(owner, out var current) && current == piece) _current.Remove(owner);
    }

    private void GiveUp(Peer peer, OwedBlock owed)
    {
        if (!_open.TryGetValue(owed.Piece, out var piece)) return;

        piece.GiveUp(peer.Key, owed.Block);
        Track(piece);
    }

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

    private void Reopen(OpenPiece piece, bool exclusive)
    {
        for (var i = 0; i < piece.BlockCount; i++) piece.Discard(new BlockIndex(i));
        piece.Owner = null;
        piece.IsExclusive = exclusive;
        piece.IsStoring = false;
        Track(piece);
    }

    private void Close(OpenPiece piece)
    {
        _open.Remove(piece.Index);
        _withFree.Remove(piece);
        DropCurrent(piece);
        piece.Buffer.Release();
    }

    private void Track(OpenPiece piece)
    {
        if (piece.Free > 0 && !piece.IsStoring) _withFree.Add(piece);
        else _withFree.Remove(piece);
    }
}
