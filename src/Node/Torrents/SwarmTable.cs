using Shoal.Core;
using Shoal.Discovery.Local;
using Shoal.Engine;
using Shoal.Node.Network;
using Shoal.Storage;

namespace Shoal.Node.Torrents;

/// <summary>The swarms that somebody in this process wants: joined with the first lease, left with the last, and then withdrawn from the DHT and the local network.</summary>
internal sealed class SwarmTable(NodeNetwork network) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<InfoHash, Entry> _entries = [];

    public async Task<SwarmLease> EnterAsync(InfoHash id)
    {
        await _gate.WaitAsync();
        try
        {
            if (!_entries.TryGetValue(id, out var entry)) _entries[id] = entry = new Entry(network.Engine.Join(id));
            entry.Leases++;
            return new SwarmLease(this, id, entry.Swarm);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Gives a swarm content, which the table owns from now on.</summary>
    internal async Task OpenAsync(InfoHash id, TorrentContent content, bool fetch)
    {
        await _gate.WaitAsync();
        try
        {
            var entry = _entries[id];
            entry.Contents.Add(content); // the one before may still be read from: all are let go with the swarm
            entry.Swarm.Open(content, fetch);
            if (!content.Info.IsPrivate) entry.Lan ??= network.JoinLan(id.Truncated, LocalInterest.Share, peer => entry.Swarm.AddPeers([peer]));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Whether a swarm was given content.</summary>
    internal Task<bool> HasContentAsync(InfoHash id) => AskAsync(() => _entries.TryGetValue(id, out var entry) && entry.Contents.Count > 0);

    /// <summary>Whether any lease holds the swarm.</summary>
    internal Task<bool> IsWantedAsync(InfoHash id) => AskAsync(() => _entries.ContainsKey(id));

    /// <summary>Announces a swarm, once for all leases.</summary>
    internal async Task<Dht.AnnounceResult?> AnnounceAsync(InfoHash id, bool isSeed, Action<Dht.CheckResult>? onChecked, CancellationToken ct)
    {
        if (network.Port == 0) return null;

        return await network.Dht.AnnounceAsync(id.Truncated, network.Port, isSeed, ct, onChecked);
    }

    /// <summary>Announces a swarm when it is due, without waiting: what the run before announced a moment ago is not repeated.</summary>
    internal void AnnounceWhenDue(InfoHash id, bool isSeed)
    {
        if (network.Port != 0) network.Dht.Announce([id.Truncated], network.Port, isSeed);
    }

    /// <summary>One download at a time of one torrent: the second waits for the first and then finds it in the store.</summary>
    internal async Task<IDisposable> TakeTurnAsync(InfoHash id, CancellationToken ct)
    {
        var turn = await AskAsync(() => _entries[id].Turn, ct);
        await turn.WaitAsync(ct);
        return new Turn(turn);
    }

    internal async Task LeaveAsync(InfoHash id)
    {
        await _gate.WaitAsync();
        try
        {
            if (!_entries.TryGetValue(id, out var entry) || --entry.Leases > 0) return;

            _entries.Remove(id);
            await CloseAsync(id, entry);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync();
        foreach (var (id, entry) in _entries) await CloseAsync(id, entry);
        _entries.Clear();
        _gate.Release();
    }

    private async Task<T> AskAsync<T>(Func<T> read, CancellationToken ct = default)
    {
        await _gate.WaitAsync(ct);
        try
        {
            return read();
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task CloseAsync(InfoHash id, Entry entry)
    {
        network.Dht.Withdraw(id.Truncated);
        entry.Lan?.Dispose();
        await network.Engine.LeaveAsync(id);
        foreach (var content in entry.Contents) await content.DisposeAsync();
    }

    private sealed class Entry(SwarmLoop swarm)
    {
        public SwarmLoop Swarm { get; } = swarm;

        public int Leases { get; set; }

        public List<TorrentContent> Contents { get; } = [];

        /// <summary>On the local network it is known by, once it has content and is not private.</summary>
        public IDisposable? Lan { get; set; }

        public SemaphoreSlim Turn { get; } = new(1);
    }

    private sealed class Turn(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
