using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Engine.Buffers;
using Shoal.Engine.Serving;
using Shoal.Storage;
using Shoal.Wire;
using Shoal.Wire.Extensions;
using Swarm = Shoal.Engine.Swarm;

namespace Shoal.Simulation.Swarms;

/// <summary>A node: the real core, and a shell that passes messages through the city's links instead of sockets.</summary>
internal sealed class SimNode : ISwarmEffects
{
    private static readonly TimeSpan StoreTime = TimeSpan.FromMilliseconds(2);

    private readonly SimCity _city;
    private readonly Swarm _core;
    private readonly SimBehaviour _behaviour;
    private readonly PieceLayers _layers;
    private readonly HashServer _hashes;
    private readonly Dictionary<PeerKey, SimConnection> _connections = [];
    private readonly HashSet<(int Piece, int Block)> _given = [];
    private readonly Bitfield _present;
    private readonly HashSet<int> _unsound = []; // pieces with runs that were written unproven, and are wrong
    private TimeSpan _downFree;
    private bool _isSending;
    private readonly Queue<SimConnection> _turns = []; // those with requests, each once
    private int _nextKey;

    public SimNode(SimCity city, NetEndPoint endPoint, bool isSeed, double up, double down, SimBehaviour behaviour, bool knowsLayers, long memory, Random random)
    {
        (_city, EndPoint, Up, Down, _behaviour) = (city, endPoint, up, down, behaviour);
        Id = new PeerId(Hash160.Random(random));
        Buffers = new PieceBufferPool(memory / 2);
        _core = new Swarm(city.Torrent.InfoHash, Id, new SwarmOptions { Upload = behaviour != SimBehaviour.FreeRider }, Buffers, random, this);
        WasSeed = isSeed;
        _layers = city.Torrent.Layers(known: isSeed || knowsLayers);
        _present = isSeed ? city.Torrent.All : city.Torrent.None;
        _hashes = new HashServer(city.Torrent.Info, _layers, ReadLeavesAsync);
    }

    public NetEndPoint EndPoint { get; }

    public PeerId Id { get; }

    public PieceBufferPool Buffers { get; }

    public bool IsGone { get; private set; }

    public bool IsComplete => _present.IsFull;

    public TimeSpan? CompletedAt { get; private set; }

    public int Pieces => _present.Count;

    /// <summary>Runs of large pieces that were written, or found wrong.</summary>
    public int Runs { get; private set; }

    public long Wasted => _core.Wasted;

    public long Uploaded { get; private set; }

    /// <summary>The same, what it sent several times counted once.</summary>
    public long Distinct { get; private set; }

    public double Up { get; }

    public double Down { get; }

    public SimBehaviour Behaviour => _behaviour;

    /// <summary>Whether it had everything from the start.</summary>
    public bool WasSeed { get; }

    /// <summary>Whether what it uploads is of use to anybody.</summary>
    public bool Gives => _behaviour == SimBehaviour.Honest;

    /// <summary>Peers it found out as liars.</summary>
    public HashSet<NetEndPoint> Banned { get; } = [];

    public string Describe() => $"{EndPoint} has {Pieces} of {_present.Length}: " + string.Join(", ", _core.Peers.Select(p =>
        $"{p.EndPoint} choking {p.IsChoking} interested {p.AmInterested} owes {p.Owed.Count} window {p.Window.Size} snubbed {p.IsSnubbed}"));

    /// <summary>When it vanished; null while it is there.</summary>
    public TimeSpan? LeftAt { get; private set; }

    private int Name => EndPoint.Address.GetAddressBytes()[3] | EndPoint.Address.GetAddressBytes()[2] << 8;

    public void Start(IReadOnlyList<NetEndPoint> others)
    {
        Handle(new SwarmEvent.ContentOpened(_city.Torrent.Info, _layers, _present));
        Handle(new SwarmEvent.PeersFound(others, Named: false));
        _city.After(TimeSpan.FromMilliseconds(100 + Name % 100), Tick);
    }

    /// <summary>Vanishes without a word: the others notice when their connection breaks.</summary>
    public void Leave()
    {
        IsGone = true;
        LeftAt = _city.Now;
        foreach (var connection in _connections.Values.ToList()) Drop(connection, CloseReason.Stopping);
        _core.Close();
    }

    private void Tick()
    {
        if (IsGone) return;

        foreach (var connection in _connections.Values) Handle(new SwarmEvent.Uploaded(connection.Key, connection.Sent));
        Handle(new SwarmEvent.Tick());
        _city.After(TimeSpan.FromMilliseconds(100), Tick);
    }

    private void Handle(SwarmEvent e)
    {
        if (IsGone) return;

        _city.Note(Name, e.GetType().Name.Length, e is SwarmEvent.BlocksReceived b ? b.Piece * 4096 + b.First : 0);
        _core.Handle(e, _city.Now);
    }

    /// <summary>Says something to the other end; it is heard after the way there, in order.</summary>
    private void Tell(PeerKey peer, Action<SimConnection> hear)
    {
        if (!_connections.TryGetValue(peer, out var connection) || connection.IsClosed) return;

        var there = connection.Other;
        _city.After(_city.Latency, () =>
        {
            if (!there.IsClosed) hear(there);
        });
    }

    private void Tell(PeerKey peer, Func<PeerKey, SwarmEvent> say) => Tell(peer, there => there.Owner.Handle(say(there.Key)));

    public void Connect(NetEndPoint endPoint)
    {
        _city.After(_city.Latency * 2, () =>
        {
            if (IsGone) return;
            if (_city.Find(endPoint) is not { } other)
            {
                Handle(new SwarmEvent.ConnectFailed(endPoint));
                return;
            }

            var here = new SimConnection(this, new PeerKey(++_nextKey));
            var there = new SimConnection(other, new PeerKey(++other._nextKey));
            (here.Other, there.Other) = (there, here);
            _connections[here.Key] = here;
            other._connections[there.Key] = there;
            other.Handle(new SwarmEvent.PeerConnected(there.Key, EndPoint.WithPort(20_000 + there.Key.Value % 40_000), HandshakeOf(this), Incoming: true));
            Handle(new SwarmEvent.PeerConnected(here.Key, endPoint, HandshakeOf(other), Incoming: false));
        });
    }

    private Handshake HandshakeOf(SimNode node) => new(Handshake.ExtensionBit | Handshake.FastBit, _city.Torrent.InfoHash.Truncated, node.Id);

    public void ConnectWebSeed(Uri url) => throw new NotSupportedException("there is no web here");

    public void Close(PeerKey peer, CloseReason reason)
    {
        if (!_connections.TryGetValue(peer, out var connection)) return;

        if (reason == CloseReason.Corrupt) Banned.Add(connection.Other.Owner.EndPoint);
        _city.After(TimeSpan.Zero, () => Drop(connection, reason));
    }

    private void Drop(SimConnection connection, CloseReason reason)
    {
        if (connection.IsClosed) return;

        connection.Close();
        _connections.Remove(connection.Key);
        Handle(new SwarmEvent.PeerClosed(connection.Key, reason));
        var there = connection.Other;
        _city.After(_city.Latency, () => there.Owner.Drop(there, CloseReason.Disconnected));
    }

    public void SendExtensions(PeerKey peer, Introduction introduction) => Tell(peer, key => new SwarmEvent.ExtensionsKnown(key, new ExtensionHandshake
    {
        MetadataId = 1,
        MetadataSize = introduction.MetadataSize,
        UploadOnly = introduction.UploadOnly,
        PexId = introduction.TakesPex ? 1 : 0,
        ListenPort = 9000,
        RequestQueue = 2048,
    }));

    public void SendPeers(PeerKey peer, PexMessage message) => Tell(peer, key => new SwarmEvent.PeersTold(key, message));

    public void SendBitfield(PeerKey peer, Bitfield? have)
    {
        var bits = have?.ToArray();
        Tell(peer, key => new SwarmEvent.PeerBitfield(key, bits, All: false));
    }

    public void SendHave(PeerKey peer, PieceIndex piece) => Tell(peer, key => new SwarmEvent.PeerHas(key, piece));

    public void SendDontHave(PeerKey peer, PieceIndex piece) => Tell(peer, key => new SwarmEvent.PeerLost(key, piece));

    public void SendAllowedFast(PeerKey peer, PieceIndex piece)
    {
        if (_connections.TryGetValue(peer, out var connection)) connection.Allowed.Add(piece);
        Tell(peer, key => new SwarmEvent.FastAllowed(key, piece));
    }

    public void SendUploadOnly(PeerKey peer, bool uploadOnly) => Tell(peer, key => new SwarmEvent.UploadOnlyChanged(key, uploadOnly));

    public void SendSuggest(PeerKey peer, PieceIndex piece) => Tell(peer, key => new SwarmEvent.PieceSuggested(key, piece));

    public void SendChoke(PeerKey peer, bool choked)
    {
        if (!_connections.TryGetValue(peer, out var connection)) return;

        connection.IsOpenForRequests = !choked;
        Tell(peer, key => new SwarmEvent.ChokeChanged(key, choked));
        while (choked && connection.Uploads.TryDequeue(out var refused)) Reject(connection, refused);
    }

    public void SendInterest(PeerKey peer, bool interested) => Tell(peer, key => new SwarmEvent.InterestChanged(key, interested));

    public void SendKeepAlive(PeerKey peer) => Tell(peer, key => new SwarmEvent.KeptAlive(key));

    public void SendRequest(PeerKey peer, PieceIndex piece, BlockIndex block, PieceBuffer buffer)
    {
        if (!_connections.TryGetValue(peer, out var connection) || connection.IsClosed) return;

        connection.Expect(piece, block, buffer);
        Tell(peer, there => there.Owner.OnRequest(there, new BlockRequest(piece, block, 0)));
    }

    public void SendCancel(PeerKey peer, PieceIndex piece, BlockIndex block)
    {
        if (!_connections.TryGetValue(peer, out var connection)) return;

        connection.Unexpect(piece, block);
        Tell(peer, there => there.Owner.OnCancel(there, new BlockRequest(piece, block, 0)));
    }

    public void SendHashRequest(PeerKey peer, HashRequest request) => Tell(peer, there => there.Owner.OnHashRequest(there, request));

    public void SendMetadata(PeerKey peer, MetadataMessage message, ReadOnlyMemory<byte> data)
    {
        var copy = data.ToArray();
        Tell(peer, key => new SwarmEvent.MetadataReceived(key, message, copy));
    }

    public void SendLastBlockRequest(PeerKey peer, BlockRequest request) => throw new NotSupportedException("nobody here has a bare ID");

    public void MetadataKnown(TorrentInfo info)
    {
    }

    public void MetadataUnusable(MetainfoError error)
    {
    }

    public bool LayerKnown(FileIndex file) => false;

    public void StorePiece(PieceIndex piece, PieceBuffer buffer)
    {
        buffer.AddReference();
        _city.After(StoreTime, () =>
        {
            var isGood = _city.Torrent.IsPiece(piece, buffer.Memory);
            buffer.Release();
            if (isGood) _present.Set(piece);
            Handle(new SwarmEvent.PieceStored(piece, isGood ? PutStatus.Stored : PutStatus.Corrupt));
        });
    }

    public void StoreRun(PieceIndex piece, PieceBuffer buffer, PieceLeaves? leaves)
    {
        buffer.AddReference();
        _city.After(StoreTime, () =>
        {
            var isGood = buffer.Memory.Span.SequenceEqual(_city.Torrent.Piece(piece).Span.Slice(buffer.First * TorrentGeometry.BlockLength, buffer.Length));
            var isProven = leaves?.Hold(buffer.First, buffer.Memory.Span, new byte[buffer.BlockCount * Hash256.Length]);
            if (isProven is null && !isGood) _unsound.Add(piece);
            if (isProven is true && !isGood) throw new InvalidOperationException("what is wrong was proven");
            buffer.Release();
            Runs++;
            Handle(new SwarmEvent.RunStored(piece, buffer, isProven == false ? PutStatus.Corrupt : PutStatus.Stored));
        });
    }

    public void EnterPiece(PieceIndex piece) => _city.After(StoreTime, () =>
    {
        var isGood = !_unsound.Remove(piece);
        if (isGood) _present.Set(piece);
        Handle(new SwarmEvent.PieceStored(piece, isGood ? PutStatus.Stored : PutStatus.Corrupt));
    });

    public void PieceArrived(PieceIndex piece, PeerKey giver)
    {
    }

    public void Completed() => CompletedAt ??= _city.Now;

    private void OnRequest(SimConnection connection, BlockRequest request)
    {
        if (!(connection.IsOpenForRequests || connection.Allowed.Contains(request.Piece)) || !_present[request.Piece])
        {
            Reject(connection, request);
            return;
        }

        if (connection.Uploads.Count == 0) _turns.Enqueue(connection);
        connection.Uploads.Enqueue(request);
        if (connection.Asked != request.Piece) Handle(new SwarmEvent.PieceAsked(connection.Key, new PieceIndex(connection.Asked = request.Piece)));
        Pump();
    }

    private static void Reject(SimConnection connection, BlockRequest request) => connection.Owner.Tell(connection.Key, there =>
    {
        if (!there.Owed.Remove((request.Piece, request.Begin), out var buffer)) return;

        buffer?.Release();
        there.Owner.Handle(new SwarmEvent.RequestRejected(there.Key, new PieceIndex(request.Piece), new BlockIndex(request.Begin)));
    });

    private void OnCancel(SimConnection connection, BlockRequest request)
    {
        var rest = connection.Uploads.Where(r => r != request).ToList();
        if (rest.Count == connection.Uploads.Count) return;

        connection.Uploads.Clear();
        foreach (var r in rest) connection.Uploads.Enqueue(r);
        Reject(connection, request);
    }

    private void OnHashRequest(SimConnection connection, HashRequest request)
    {
        var hashes = _hashes.AnswerAsync(request, CancellationToken.None).AsTask().Result;
        if (hashes is null) Tell(connection.Key, key => new SwarmEvent.HashesRejected(key, request));
        else Tell(connection.Key, key => new SwarmEvent.HashesReceived(key, request, hashes));
    }

    private ValueTask<bool> ReadLeavesAsync(PieceIndex piece, Memory<byte> leaves, CancellationToken ct)
    {
        if (!_present[piece]) return new(false);

        _city.Torrent.Leaves(piece).CopyTo(leaves);
        return new(true);
    }

    /// <summary>The uplink carries one block at a time, in turn for each connection that wants one.</summary>
    private void Pump()
    {
        if (_isSending || IsGone || _behaviour == SimBehaviour.Staller) return;

        BlockRequest request;
        SimConnection? next;
        do
        {
            if (!_turns.TryDequeue(out next)) return;
        }
        while (!next.Uploads.TryDequeue(out request));

        if (next.Uploads.Count > 0) _turns.Enqueue(next);
        var block = _city.Torrent.Block(new PieceIndex(request.Piece), new BlockIndex(request.Begin));
        _isSending = true;
        _city.After(TimeSpan.FromSeconds(block.Length / Up), () =>
        {
            _isSending = false;
            Uploaded += block.Length;
            if (_given.Add((request.Piece, request.Begin))) Distinct += block.Length;
            next.Sent += block.Length;
            Tell(next.Key, there => there.Owner.OnBlock(there, request, block));
            Pump();
        });
    }

    private void OnBlock(SimConnection connection, BlockRequest request, ReadOnlyMemory<byte> bytes)
    {
        var start = _downFree > _city.Now ? _downFree : _city.Now;
        _downFree = start + TimeSpan.FromSeconds(bytes.Length / Down);
        var isWrong = connection.Other.Owner._behaviour == SimBehaviour.Liar;
        _city.At(_downFree, () => Take(connection, request, bytes, isWrong));
    }

    private void Take(SimConnection connection, BlockRequest request, ReadOnlyMemory<byte> bytes, bool isWrong)
    {
        if (!connection.Owed.Remove((request.Piece, request.Begin), out var buffer)) return;

        var (piece, block) = (new PieceIndex(request.Piece), new BlockIndex(request.Begin));
        var sent = bytes.ToArray();
        if (isWrong) sent[0] ^= 1;
        if (buffer is null || !buffer.TryFill(block, sent))
        {
            buffer?.Release();
            Handle(new SwarmEvent.BlockWasted(connection.Key, piece, block, bytes.Length));
            return;
        }

        buffer.Release();
        Handle(new SwarmEvent.BlocksReceived(connection.Key, piece, block, 1, bytes.Length));
    }
}
