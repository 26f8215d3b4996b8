using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Storage;

namespace Shoal.Node.Torrents;

/// <summary>
/// Serves files and chunks of what is served as swarms of their own, each from the moment that a peer asks for it until the last has left: a million files need no loop. Only what a command or
/// the node serves anyway, and nothing of a private torrent. So many at once, and so many on behalf of one address; one without peers makes room for the next.
/// </summary>
internal sealed class RunServing(Store store, SwarmTable swarms, NodeOptions options) : ISwarmSource, IAsyncDisposable
{
    public const int MaxOpen = 512;
    public const int MaxOfAnAddress = 64;
    private const int MaxLooking = 4;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _looking = new(MaxLooking);
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<SwarmLoop, Open> _open = [];
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public void Start()
    {
        if (options.Upload) _running = CloseIdleAsync();
    }

    public async Task<SwarmLoop?> OpenAsync(Hash160 key, NetEndPoint from, CancellationToken ct)
    {
        if (!options.Upload || _stopping.IsCancellationRequested) return null;

        await _looking.WaitAsync(ct);
        try
        {
            return await FindAsync(key) is { } run ? await OpenAsync(run, from, ct) : null;
        }
        catch (StoreException)
        {
            return null; // it was removed, or its file is gone: nothing to serve
        }
        finally
        {
            _looking.Release();
        }
    }

    /// <summary>Whether a file or chunk whose key it is would be served.</summary>
    public async Task<bool> HasAsync(Hash160 key) => options.Upload && await FindAsync(key) is not null;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        await _gate.WaitAsync();
        foreach (var open in _open.Values) await open.Lease.DisposeAsync();
        _open.Clear();
        _gate.Release();
        _stopping.Dispose();
    }

    /// <summary>The place that has most of it.</summary>
    private async Task<StoredRun?> FindAsync(Hash160 key)
    {
        foreach (var run in store.FindRuns(key).Where(r => r.Have > 0 && !r.Torrent.IsPrivate).OrderByDescending(r => r.Have))
        {
            if (await swarms.IsServedAsync(run.Torrent.Id)) return run;
        }

        return null;
    }

    private async Task<SwarmLoop?> OpenAsync(StoredRun run, NetEndPoint from, CancellationToken ct)
    {
        var owner = from.Scope == NetworkScope.Global ? from.Range : from.WithPort(0);
        await _gate.WaitAsync(ct);
        try
        {
            if (_stopping.IsCancellationRequested || !await MakeRoomAsync(owner)) return null;

            if (await store.ReadRootAsync(run, ct) is not { } root) return null;

            var content = await store.OpenRunAsync(run, CanonicalTorrent.Create(root, run.Length), ct);
            Hash160[] ids = [root.Value.Truncated, run.Id.Truncated];
            var lease = await swarms.EnterAsync(new SwarmNames(content.Info.InfoHash) { Ids = [.. ids.Distinct()] });
            if (_open.TryAdd(lease.Swarm, new Open(lease, owner, options.Clock.GetTimestamp())) && !await lease.HasContentAsync())
            {
                await lease.OpenAsync(content);
                return lease.Swarm;
            }

            await content.DisposeAsync();
            if (_open[lease.Swarm].Lease != lease) await lease.DisposeAsync();
            return lease.Swarm;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<bool> MakeRoomAsync(NetEndPoint owner)
    {
        if (_open.Values.Count(o => o.Owner == owner) >= MaxOfAnAddress && !await CloseOneAsync(o => o.Owner == owner)) return false;

        return _open.Count < MaxOpen || await CloseOneAsync(_ => true);
    }

    private async Task<bool> CloseOneAsync(Func<Open, bool> which)
    {
        if (_open.Values.Where(o => which(o) && o.IsIdle).MinBy(o => o.UsedAt) is not { } idle) return false;

        _open.Remove(idle.Lease.Swarm);
        await idle.Lease.DisposeAsync();
        return true;
    }

    private async Task CloseIdleAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(Look, options.Clock, _stopping.Token);
                await _gate.WaitAsync(_stopping.Token);
                try
                {
                    var now = options.Clock.GetTimestamp();
                    foreach (var busy in _open.Values.Where(o => !o.IsIdle)) busy.UsedAt = now;
                    while (await CloseOneAsync(o => options.Clock.GetElapsedTime(o.UsedAt, now) >= Grace))
                    {
                    }
                }
                finally
                {
                    _gate.Release();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the node stops
        }
    }

    private sealed class Open(SwarmLease lease, NetEndPoint owner, long usedAt)
    {
        public SwarmLease Lease => lease;

        public NetEndPoint Owner => owner;

        public long UsedAt { get; set; } = usedAt;

        public bool IsIdle => lease.Swarm.Snapshot is { Peers.Count: 0, Connecting: 0 };
    }
}
