using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Discovery.Trackers;
using Shoal.Engine;
using Shoal.Storage;

namespace Shoal.Node.Torrents;

/// <summary>A hold on a swarm: while there is one, it is joined.</summary>
internal sealed class SwarmLease(SwarmTable table, SwarmTable.Entry entry) : IAsyncDisposable
{
    private int _disposed;

    public SwarmLoop Swarm => entry.Swarm;

    public Task<bool> HasContentAsync() => table.HasContentAsync(entry);

    /// <summary>Its trackers, once this lease named one or knew that another did; else null.</summary>
    public TrackerHold? Trackers { get; private set; }

    /// <param name="only">The files wanted; null for all.</param>
    public Task OpenAsync(TorrentContent content, bool fetch, Selection? only = null) => table.OpenAsync(entry, content, fetch, only);

    public Task OpenAsync(ISwarmContent content) => table.OpenAsync(entry, content);

    /// <param name="onChecked">Called on the DHT's loop once it was looked for.</param>
    public Task<Dht.AnnounceResult?> AnnounceAsync(bool isSeed, Action<Dht.CheckResult>? onChecked, CancellationToken ct) => table.AnnounceAsync(entry, isSeed, onChecked, ct);

    public void AnnounceWhenDue(bool isSeed) => table.AnnounceWhenDue(entry, isSeed);

    /// <summary>Announces it to trackers too, from the first lease that says so until the last leaves.</summary>
    public async Task TrackAsync(IReadOnlyList<Hash160> keys, IReadOnlyList<IReadOnlyList<string>> tiers) => Trackers = await table.TrackAsync(entry, keys, tiers);

    public Task<IDisposable> TakeTurnAsync(CancellationToken ct) => SwarmTable.TakeTurnAsync(entry, ct);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) await table.LeaveAsync(entry);
    }
}
