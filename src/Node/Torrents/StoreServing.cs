using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Storage;

namespace Shoal.Node.Torrents;

/// <summary>Serves what the store holds, for as long as the node runs: everything a node finds at its start, and what is added meanwhile.</summary>
internal sealed partial class StoreServing(Store store, SwarmTable swarms, NodeOptions options, ILogger logger) : IAsyncDisposable
{
    private readonly Dictionary<InfoHash, SwarmLease> _leases = [];
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _starting = Task.CompletedTask;

    /// <summary>Begins with all that the store holds.</summary>
    public void Start()
    {
        if (options.ServeStore) _starting = StartAsync();
    }

    /// <summary>Goes on serving a torrent that a command brought, if that is what this node is for.</summary>
    public async Task KeepAsync(InfoHash id, Hash160? v1)
    {
        if (!options.ServeStore || _stopping.IsCancellationRequested) return;

        lock (_lock)
        {
            if (_leases.ContainsKey(id)) return;
        }

        var lease = await swarms.EnterAsync(id, v1);
        lock (_lock)
        {
            if (_leases.TryAdd(id, lease)) return;
        }

        await lease.DisposeAsync();
    }

    /// <summary>Whether this serves it.</summary>
    public bool Serves(InfoHash id)
    {
        lock (_lock) return _leases.ContainsKey(id);
    }

    /// <summary>A torrent is all there at another place: whoever serves it goes on from there.</summary>
    public async Task RenewAsync(StoredTorrent torrent)
    {
        if (await swarms.IsWantedAsync(torrent.Id))
        {
            await using var lease = await swarms.EnterAsync(torrent.Id, torrent.IdV1);
            await lease.OpenAsync(await store.OpenAsync(torrent, _stopping.Token), fetch: false);
        }
        else if (options.ServeStore)
        {
            await ServeAsync(torrent);
        }
    }

    /// <summary>Stops serving a torrent, since the store forgets it.</summary>
    public async Task DropAsync(InfoHash id)
    {
        SwarmLease? lease;
        lock (_lock) _leases.Remove(id, out lease);
        if (lease is not null) await lease.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _starting;
        foreach (var lease in _leases.Values) await lease.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task StartAsync()
    {
        foreach (var torrent in store.List().OrderBy(t => t.IsShared)) // of several copies, the store's own first: nobody changes it
        {
            if (_stopping.IsCancellationRequested) return;
            if (torrent.Have == 0 && torrent.Length > 0) continue;

            try
            {
                await ServeAsync(torrent);
            }
            catch (StoreException e)
            {
                LogNotServed(logger, torrent.Name, e.Message);
            }
        }
    }

    private async Task ServeAsync(StoredTorrent torrent)
    {
        await KeepAsync(torrent.Id, torrent.IdV1);
        SwarmLease? lease;
        lock (_lock) lease = _leases.GetValueOrDefault(torrent.Id);
        if (lease is null || await lease.HasContentAsync()) return;

        var content = await store.OpenAsync(torrent, _stopping.Token);
        var keys = content.Info.Keys;
        await lease.OpenAsync(content, fetch: false);
        if (options.Announces) await lease.TrackAsync(keys, TrackerLists.Merge(store.Trackers(torrent.Id)));
        if (options.Announces && !torrent.IsPrivate) lease.AnnounceWhenDue(isSeed: torrent.Have == torrent.Length);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Name} is not served: {Reason}")]
    private static partial void LogNotServed(ILogger logger, string name, string reason);
}
