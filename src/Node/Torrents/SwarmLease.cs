using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Storage;

namespace Shoal.Node.Torrents;

/// <summary>A hold on a swarm: while there is one, it is joined.</summary>
internal sealed class SwarmLease(SwarmTable table, SwarmTable.Entry entry) : IAsyncDisposable
{
    private int _disposed;

    public SwarmLoop Swarm => entry.Swarm;

    public Task<bool> HasContentAsync() => table.HasContentAsync(entry);

    /// <param name="only">The files wanted; null for all.</param>
    public Task OpenAsync(TorrentContent content, bool fetch, Selection? only = null) => table.OpenAsync(entry, content, fetch, only);

    /// <param name="onChecked">Called on the DHT's loop once it was looked for.</param>
    public Task<Dht.AnnounceResult?> AnnounceAsync(bool isSeed, Action<Dht.CheckResult>? onChecked, CancellationToken ct) => table.AnnounceAsync(entry, isSeed, onChecked, ct);

    public void AnnounceWhenDue(bool isSeed) => table.AnnounceWhenDue(entry, isSeed);

    public Task<IDisposable> TakeTurnAsync(CancellationToken ct) => SwarmTable.TakeTurnAsync(entry, ct);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) await table.LeaveAsync(entry);
    }
}
