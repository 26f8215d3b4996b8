using Shoal.Core;
using Shoal.Engine;
using Shoal.Storage;

namespace Shoal.Node.Torrents;

/// <summary>A hold on a swarm: while there is one, it is joined.</summary>
internal sealed class SwarmLease(SwarmTable table, InfoHash id, SwarmLoop swarm) : IAsyncDisposable
{
    private int _disposed;

    public InfoHash Id => id;

    public SwarmLoop Swarm => swarm;

    public Task<bool> HasContentAsync() => table.HasContentAsync(id);

    public Task OpenAsync(TorrentContent content, bool fetch) => table.OpenAsync(id, content, fetch);

    public Task<Dht.AnnounceResult?> AnnounceAsync(CancellationToken ct) => table.AnnounceAsync(id, ct);

    public void AnnounceWhenDue() => table.AnnounceWhenDue(id);

    public Task<IDisposable> TakeTurnAsync(CancellationToken ct) => table.TakeTurnAsync(id, ct);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) await table.LeaveAsync(id);
    }
}
