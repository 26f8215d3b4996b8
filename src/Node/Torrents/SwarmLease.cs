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

    /// <param name="onChecked">Called on the DHT's loop once it was looked for.</param>
    public Task<Dht.AnnounceResult?> AnnounceAsync(bool isSeed, Action<Dht.CheckResult>? onChecked, CancellationToken ct) => table.AnnounceAsync(id, isSeed, onChecked, ct);

    public void AnnounceWhenDue(bool isSeed) => table.AnnounceWhenDue(id, isSeed);

    public Task<IDisposable> TakeTurnAsync(CancellationToken ct) => table.TakeTurnAsync(id, ct);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) await table.LeaveAsync(id);
    }
}
