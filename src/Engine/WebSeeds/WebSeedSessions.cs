using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Engine.Buffers;
using Shoal.Engine.Limits;

namespace Shoal.Engine.WebSeeds;

/// <summary>The web seeds that a swarm is connected to. Owned by its loop.</summary>
/// <param name="limits">Of the swarm.</param>
/// <param name="post">Tells the loop; waits while its mailbox is full.</param>
internal sealed class WebSeedSessions(EngineShared shared, TransferLimits limits, Func<SwarmEvent, ValueTask> post, CancellationToken stopped) : IDisposable
{
    private readonly Dictionary<PeerKey, WebSeedSession> _open = [];

    /// <summary>Serves as a peer until it fails or is closed.</summary>
    public Task ConnectAsync(PeerKey key, Uri url, TorrentInfo info)
    {
        var session = new WebSeedSession(key, url, info, new WebSeedClient(url, shared.Dialler, limits, shared.Options.Client), post, shared.Clock, stopped);
        _open[key] = session;
        return RunAsync(key, url, session);
    }

    public bool TryRequest(PeerKey peer, PieceIndex piece, BlockIndex block, PieceBuffer buffer)
    {
        if (!_open.TryGetValue(peer, out var session)) return false;

        session.Request(piece, block, buffer);
        return true;
    }

    public void Cancel(PeerKey peer, PieceIndex piece, BlockIndex block)
    {
        if (_open.TryGetValue(peer, out var session)) session.Cancel(piece, block);
    }

    public void Close(PeerKey peer)
    {
        if (_open.TryGetValue(peer, out var session)) session.Close();
    }

    /// <summary>What was asked for of late may be fetched.</summary>
    public void Flush()
    {
        foreach (var session in _open.Values) session.Flush();
    }

    /// <summary>It has ended, and the loop heard of it.</summary>
    public void Forget(PeerKey peer)
    {
        if (_open.Remove(peer, out var session)) session.Dispose();
    }

    /// <summary>All have ended.</summary>
    public void Dispose()
    {
        foreach (var session in _open.Values) session.Dispose();
    }

    private async Task RunAsync(PeerKey key, Uri url, WebSeedSession session)
    {
        await post(new SwarmEvent.WebSeedConnected(key, url));
        var end = await session.RunAsync();
        await post(new SwarmEvent.WebSeedEnded(key, url, end, session.WasUseful, session.RetryAfter));
    }
}
