using System.Net;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Engine.Buffers;
using Shoal.Engine.Peers;
using Shoal.Harness.Content;
using Shoal.Storage;
using Shoal.Wire;
using Shoal.Wire.Extensions;

namespace Shoal.Unit.Engine;

/// <summary>A swarm's core, peers that are only names, and a clock that is moved by hand. Pieces are of four blocks.</summary>
internal sealed class SwarmBench
{
    public const int PieceLength = 64 * 1024, BlockLength = 16 * 1024;

    private readonly HashSet<int> _answered = [];
    private int _nextKey;

    public SwarmBench(int pieces = 4, SwarmOptions? options = null, SeededTorrent? torrent = null, long budget = 1 << 24, byte ourId = 0x80, SwarmNames? name = null)
    {
        Torrent = torrent ?? new SeededTorrent(1, PieceLength, pieces * PieceLength);
        Buffers = new PieceBufferPool(budget);
        OurId = Name(ourId);
        Swarm = new Swarm(name ?? new SwarmNames(Torrent.InfoHash), OurId, options ?? new SwarmOptions(), Buffers, new Random(1), Effects);
    }

    public SeededTorrent Torrent { get; }

    public PieceBufferPool Buffers { get; }

    public RecordingEffects Effects { get; } = new();

    public Swarm Swarm { get; }

    public PeerId OurId { get; }

    public TimeSpan Now { get; private set; }

    public static PeerId Name(byte first)
    {
        var bytes = new byte[20];
        bytes[0] = first;
        return new PeerId(new Hash160(bytes));
    }

    public static NetEndPoint At(byte host, int port = 9000) => new(new IPAddress([10, 0, 0, host]), port);

    public SwarmBench Open(string? have = null, PieceLayers? layers = null)
    {
        Handle(new SwarmEvent.ContentOpened(Torrent.Info, layers ?? Torrent.Layers(), have is null ? Torrent.None : Drawn.Pieces(have)));
        return this;
    }

    public void Handle(SwarmEvent e) => Swarm.Handle(e, Now);

    /// <param name="has">What it says it has; null for everything, empty for nothing said.</param>
    public PeerKey Connect(string? has = null, bool unchoked = true, bool fast = true, byte? id = null, bool incoming = false, NetEndPoint? endPoint = null)
    {
        var key = new PeerKey(++_nextKey);
        var handshake = new Handshake(Handshake.ExtensionBit | (fast ? Handshake.FastBit : 0), Torrent.InfoHash.Truncated, Name(id ?? (byte)key.Value));
        Handle(new SwarmEvent.PeerConnected(key, endPoint ?? At((byte)key.Value), handshake, incoming));
        if (has != "") Handle(new SwarmEvent.PeerBitfield(key, has is null ? null : Drawn.Pieces(has).ToArray(), has is null));
        if (unchoked) Handle(new SwarmEvent.ChokeChanged(key, false));
        return key;
    }

    public Peer Peer(PeerKey key) => Swarm.Peers.Single(p => p.Key == key);

    public void Extend(PeerKey peer, long metadataSize = 0, int queue = 0, int port = 0, bool pex = false) => Extend(
        peer, new ExtensionHandshake { MetadataId = metadataSize > 0 ? 1 : 0, MetadataSize = metadataSize, RequestQueue = queue, ListenPort = port, PexId = pex ? 1 : 0 });

    public void Extend(PeerKey peer, ExtensionHandshake extensions) => Handle(new SwarmEvent.ExtensionsKnown(peer, extensions));

    /// <summary>Lets time pass, tick by tick.</summary>
    public void Pass(double seconds)
    {
        for (var end = Now + TimeSpan.FromSeconds(seconds); Now < end;)
        {
            Now += TimeSpan.FromMilliseconds(100);
            Handle(new SwarmEvent.Tick());
        }
    }

    public List<RecordingEffects.Asked> RequestsTo(PeerKey peer) => [.. Effects.Requests.Where(r => r.Peer == peer)];

    public List<int> PiecesAsked(PeerKey peer) => [.. RequestsTo(peer).Select(r => r.Piece.Value).Distinct()];

    /// <summary>The peer sends a block it was asked for.</summary>
    public void Give(RecordingEffects.Asked asked, bool bad = false)
    {
        var bytes = Torrent.Block(asked.Piece, asked.Block).ToArray();
        if (bad) bytes[7] ^= 1;
        if (!asked.Buffer.TryFill(asked.Block, bytes))
        {
            Handle(new SwarmEvent.BlockWasted(asked.Peer, asked.Piece, asked.Block, bytes.Length));
            return;
        }

        Handle(new SwarmEvent.BlocksReceived(asked.Peer, asked.Piece, asked.Block, 1, bytes.Length));
    }

    /// <summary>The peers answer everything they were asked for and have not answered yet.</summary>
    public void GiveAll(Func<RecordingEffects.Asked, bool>? isBad = null, Func<RecordingEffects.Asked, bool>? which = null)
    {
        for (var i = 0; i < Effects.Requests.Count; i++)
        {
            var asked = Effects.Requests[i];
            if (which?.Invoke(asked) == false || !_answered.Add(i) || Swarm.Peers.All(p => p.Key != asked.Peer)) continue;

            Give(asked, isBad?.Invoke(asked) == true);
        }
    }

    /// <summary>The store proves what it was given.</summary>
    public void StoreAll()
    {
        var stores = Effects.Stores.ToList();
        Effects.Stores.Clear();
        foreach (var (piece, buffer) in stores)
        {
            Handle(new SwarmEvent.PieceStored(piece, Torrent.IsPiece(piece, buffer.Memory) ? PutStatus.Stored : PutStatus.Corrupt));
        }
    }

    public void Reject(RecordingEffects.Asked asked) => Handle(new SwarmEvent.RequestRejected(asked.Peer, asked.Piece, asked.Block));

    public void Disconnect(PeerKey peer, CloseReason reason = CloseReason.Disconnected) => Handle(new SwarmEvent.PeerClosed(peer, reason));
}
