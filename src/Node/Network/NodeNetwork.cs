using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Dht;
using Shoal.Dht.Sockets;
using Shoal.Discovery.Local;
using Shoal.Discovery.Sockets;
using Shoal.Discovery.Trackers;
using Shoal.Engine;
using Shoal.Engine.Limits;
using Shoal.Node.Events;
using Shoal.Wire.Transport;

namespace Shoal.Node.Network;

/// <summary>The sockets of a node and the rooms that live on them: the engine, the DHT, local discovery and trackers. Remembers whom the user named, since only those are believed about the DHT.</summary>
internal sealed class NodeNetwork : IAsyncDisposable
{
    private const string Version = "0.1";
    private const long PublicDhtLimit = 128 * 1024;
    private const int MaxHints = 4;

    private readonly DhtStateFile _state;
    private readonly bool _isPublic;
    private readonly RateLimiter _download;
    private readonly RateLimiter _upload;
    private readonly Lock _lock = new();
    private readonly HashSet<IPAddress> _named = [];
    private LocalDiscoveryService? _lan;

    private NodeNetwork(DhtStateFile state, bool isPublic, RateLimiter download, RateLimiter upload) => (_state, _isPublic, _download, _upload) = (state, isPublic, download, upload);

    public TorrentEngine Engine { get; private init; } = null!;

    public DhtService Dht { get; private init; } = null!;

    public TrackerService Trackers { get; private init; } = null!;

    public ListeningEvent Listening { get; private init; } = null!;

    /// <summary>On the clock of the options.</summary>
    public long StartedAt { get; private init; }

    /// <summary>The TCP port that is announced; 0 for none.</summary>
    public int Port { get; private init; }

    /// <summary>The TCP port that trackers are told; 0 to ask them without being listed.</summary>
    public int TrackerPort { get; private init; }

    /// <summary>Addresses for links: ours, with the TCP port.</summary>
    public IReadOnlyList<string> Hints { get; private init; } = [];

    public static NodeNetwork Start(NodeOptions options)
    {
        var listeners = options.Upload
            ? PortRange.Bind("TCP", "--port", options.Listen, options.Port, options.PortIsExact, e => new TcpListener(e))
            : [];
        IReadOnlyList<UdpDatagramSocket> sockets;
        try
        {
            sockets = PortRange.Bind("UDP", "--dht-port", options.Listen, options.DhtPort, options.DhtPortIsExact, UdpDatagramSocket.Bind);
        }
        catch
        {
            foreach (var listener in listeners) _ = listener.DisposeAsync().AsTask();
            throw;
        }

        return Compose(options, listeners, sockets);
    }

    /// <summary>A name for us among peers (BEP 20), another each time.</summary>
    public static PeerId NewPeerId()
    {
        Span<byte> id = stackalloc byte[Hash160.Length];
        "-SH0100-"u8.CopyTo(id);
        foreach (ref var c in id[8..]) c = (byte)"0123456789abcdefghijklmnopqrstuvwxyz"[RandomNumberGenerator.GetInt32(36)];
        return new PeerId(new Hash160(id));
    }

    /// <summary>Peers that a link or an option named.</summary>
    public async Task<IReadOnlyList<NetEndPoint>> ResolveNamedAsync(IEnumerable<string> peers, CancellationToken ct)
    {
        var found = new List<NetEndPoint>();
        foreach (var peer in peers) found.AddRange(await HostPort.ResolveAsync(peer, ct));
        lock (_lock)
        {
            foreach (var endPoint in found) _named.Add(endPoint.Address);
        }

        return found;
    }

    public void AddBootstrap(IEnumerable<string> hosts)
    {
        foreach (var text in hosts)
        {
            if (HostPort.TryParse(text, out var host, out var port)) Dht.AddBootstrap(host, port);
        }
    }

    /// <summary>Tells of peers of a torrent on the local network, each again and again, until the result is disposed; null where that is not done.</summary>
    public IDisposable? JoinLan(Hash160 key, LocalInterest interest, Action<NetEndPoint> onPeer) => _lan?.Join(key, interest, onPeer);

    /// <summary>Nodes that a <c>.torrent</c> names; only in public, since whoever made it may be a stranger.</summary>
    public void AddNodesOf(MetainfoFile? metainfo)
    {
        if (!_isPublic || metainfo is null) return;

        foreach (var text in metainfo.Nodes)
            if (HostPort.TryParse(text, out var host, out var port)) Dht.AddContact(host, port);
    }

    public async ValueTask DisposeAsync()
    {
        await Trackers.DisposeAsync();
        if (_lan is not null) await _lan.DisposeAsync();
        await Engine.DisposeAsync();
        await _state.DisposeAsync();
        await Dht.DisposeAsync();
        _download.Dispose();
        _upload.Dispose();
    }

    private static NodeNetwork Compose(NodeOptions options, IReadOnlyList<TcpListener> listeners, IReadOnlyList<UdpDatagramSocket> sockets)
    {
        var port = listeners.Count > 0 ? listeners[0].LocalEndPoint.Port : 0;
        var dhtPort = sockets[0].LocalEndPoint.Port;
        var addresses = LocalAddresses.Reachable(sockets.Select(s => s.LocalEndPoint.Address));
        var state = new DhtStateFile(options.StorePath, options.Public, options.Clock);
        var download = new RateLimiter(options.DownloadLimit, options.Clock);
        var upload = new RateLimiter(options.UploadLimit, options.Clock);
        NodeNetwork? network = null;
        var dhtOptions = new DhtOptions
        {
            ReadOnly = options.ReadOnlyDht,
            SavedState = state.Load(),
            SendLimit = options.DhtLimit ?? (options.Public ? PublicDhtLimit : 0),
            BytesSent = upload.Charge,
            BytesReceived = download.Charge,
        };
        var engineOptions = new EngineOptions
        {
            PeerId = NewPeerId(),
            Memory = options.Memory,
            Client = $"Shoal {Version}",
            ListenPort = port,
            DhtPort = options.ReadOnlyDht ? 0 : dhtPort,
            HasDht = true,
            Encryption = options.Encryption,
            LimitLocalPeers = options.LimitLan,
            Swarm = new SwarmOptions { Upload = options.Upload },
        };
        var dht = DhtService.Start(sockets, dhtOptions, options.Clock, new SecureRandom(), options.Logging.CreateLogger("Shoal.Dht"));
        var engine = new TorrentEngine(
            engineOptions, new TcpTransport(options.Listen), listeners, download, upload, options.Clock,
            new SecureRandom(), options.Logging.CreateLogger("Shoal.Engine"), (endPoint, _) => network?.OnPortHeard(endPoint));
        var logger = options.Logging.CreateLogger("Shoal.Discovery");
        var client = new TrackerClient(options.Listen, $"Shoal/{Version}", options.Clock, new SecureRandom(), logger);
        var trackers = TrackerService.Start(client, new TrackerServiceOptions { PeerId = engineOptions.PeerId }, options.Clock, new SecureRandom(), logger);
        network = new NodeNetwork(state, options.Public, download, upload)
        {
            Dht = dht,
            Engine = engine,
            Trackers = trackers,
            StartedAt = options.Clock.GetTimestamp(),
            Port = port,
            TrackerPort = options.Announces ? port : 0,
            Listening = new ListeningEvent(
                listeners.Count > 0 ? listeners[0].LocalEndPoint.ToString() : null, sockets[0].LocalEndPoint.ToString(), [.. addresses.Select(a => a.ToString())]),
            Hints = port == 0 ? [] : [.. addresses.Take(MaxHints).Select(a => new NetEndPoint(a, port).ToString())],
        };
        state.Keep(dht);
        network.AddBootstrap(options.Bootstrap);
        if (options.Public) network.AddBootstrap(options.Routers);
        if (options.Lan) network.StartLan(options, [.. sockets.Select(s => s.LocalEndPoint.Address)], engineOptions.DhtPort);
        return network;
    }

    private void StartLan(NodeOptions options, IReadOnlyList<IPAddress> bound, int dhtPort)
    {
        var logger = options.Logging.CreateLogger("Shoal.Discovery");
        var sockets = UdpMulticastSocket.Open(bound, logger);
        if (sockets.Count == 0) return;

        var lan = new LocalDiscoveryOptions { Port = options.Announces ? Port : 0, DhtPort = dhtPort, BytesSent = _upload.Charge, BytesReceived = _download.Charge };
        _lan = LocalDiscoveryService.Start(sockets, lan, Dht.AddContact, options.Clock, new Random(RandomNumberGenerator.GetInt32(int.MaxValue)), logger);
    }

    /// <summary>A peer said where its DHT node listens. Only those that the user named are believed, unless we are in public (design, "nothing leaks").</summary>
    private void OnPortHeard(NetEndPoint endPoint)
    {
        lock (_lock)
        {
            if (!_isPublic && !_named.Contains(endPoint.Address)) return;
        }

        if (endPoint.IsUsableFrom(endPoint.Scope)) Dht.AddContact(endPoint);
    }
}
