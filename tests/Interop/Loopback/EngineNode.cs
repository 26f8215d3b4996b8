using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Engine.Encryption;
using Shoal.Engine.Limits;
using Shoal.Harness.Disk;
using Shoal.Storage;
using Shoal.Storage.Disk;
using Shoal.Wire.Transport;

namespace Shoal.Interop.Loopback;

/// <summary>An engine and a store, at an address of its own, without anything that finds peers.</summary>
internal sealed class EngineNode : IAsyncDisposable
{
    private static int _last;

    private readonly RateLimiter _download;
    private readonly RateLimiter _upload;
    private readonly List<TorrentContent> _open = [];

    public EngineNode(ITransport? transport = null, ITransportListener? listener = null, long downloadLimit = 0, long uploadLimit = 0, EncryptionMode encryption = EncryptionMode.Allow, bool limitLocalPeers = true)
    {
        var number = Interlocked.Increment(ref _last);
        var address = new IPAddress([127, 0, 7, (byte)number]);
        listener ??= new TcpListener(new IPEndPoint(address, 0));
        _download = new RateLimiter(downloadLimit, TimeProvider.System);
        _upload = new RateLimiter(uploadLimit, TimeProvider.System);
        Store = Store.Open(new StoreOptions { Path = Folder["store"] }, new RealDisk(), TimeProvider.System, NullLogger.Instance);
        var options = new EngineOptions
        {
            PeerId = new PeerId(new Hash160(Encoding.ASCII.GetBytes($"-SH0100-{number:000000000000}"))),
            ListenPort = listener.LocalEndPoint.Port,
            HandshakeTimeout = TimeSpan.FromSeconds(2),
            Encryption = encryption,
            LimitLocalPeers = limitLocalPeers,
        };
        Engine = new TorrentEngine(
            options, transport ?? new TcpTransport([address]), [listener], _download, _upload, TimeProvider.System, new Random(number), NullLogger.Instance, (_, _) => { });
    }

    public ScratchFolder Folder { get; } = new();

    public Store Store { get; }

    public TorrentEngine Engine { get; }

    public NetEndPoint EndPoint => Engine.Listeners[0].LocalEndPoint;

    /// <summary>Shares what lies in its folder under that name.</summary>
    public async Task<ShareResult> ShareAsync(string name, int pieceLength)
    {
        var shared = await Store.ShareAsync(Folder[name], new ShareSettings { PieceLength = pieceLength }, null, CancellationToken.None);
        var content = await Store.OpenAsync(shared.Torrent, CancellationToken.None);
        _open.Add(content);
        Engine.Join(shared.Info.InfoHash).Open(content, fetch: false);
        return shared;
    }

    /// <summary>Joins by name alone, takes the metadata from peers, and begins.</summary>
    public async Task<SwarmLoop> BeginAsync(InfoHash id, params NetEndPoint[] peers)
    {
        var swarm = Engine.Join(id);
        swarm.AddPeers(peers, named: true);
        var info = await swarm.Metadata;
        await OpenAsync(swarm, info, new PieceLayers(info));
        return swarm;
    }

    public async Task OpenAsync(SwarmLoop swarm, TorrentInfo info, PieceLayers layers)
    {
        var content = await Store.BeginDownloadAsync(info, layers, Folder["downloads"], new DownloadSettings(), null, CancellationToken.None);
        _open.Add(content);
        swarm.Open(content, fetch: true);
    }

    /// <summary>The same by a name that may be that of a file or chunk.</summary>
    public async Task<string> FetchAsync(Hash256 id, params NetEndPoint[] peers)
    {
        var swarm = Engine.Join(new SwarmNames(new InfoHash(id)) { MayBeRun = true });
        swarm.AddPeers(peers, named: true);
        var info = await swarm.Metadata;
        await OpenAsync(swarm, info, new PieceLayers(info));
        if (!_open[^1].CopyPresent().IsFull) await swarm.Completed;
        return await _open[^1].CompleteAsync(CancellationToken.None);
    }

    /// <returns>Where the content stands.</returns>
    public async Task<string> FetchAsync(InfoHash id, params NetEndPoint[] peers)
    {
        var swarm = await BeginAsync(id, peers);
        if (!_open[^1].CopyPresent().IsFull) await swarm.Completed;
        return await _open[^1].CompleteAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        foreach (var content in _open) await content.DisposeAsync();
        await Store.DisposeAsync();
        _download.Dispose();
        _upload.Dispose();
        Folder.Dispose();
    }
}
