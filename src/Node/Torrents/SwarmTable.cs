using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Discovery.Local;
using Shoal.Engine;
using Shoal.Node.Network;
using Shoal.Storage;

namespace Shoal.Node.Torrents;

/// <summary>The swarms that somebody in this process wants: joined with the first lease, left with the last, and then withdrawn from the DHT and the local network.</summary>
internal sealed class SwarmTable(NodeNetwork network) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly List<Entry> _entries = [];

    /// <param name="v1">Of a hybrid, the name of its v1 half, if it is known.</param>
    public async Task<SwarmLease> EnterAsync(InfoHash id, Hash160? v1 = null)
    {
        await _gate.WaitAsync();
        try
        {
            var swarm = network.Engine.Join(id, v1);
            var entry = _entries.Find(e => e.Swarm == swarm);
            if (entry is null) _entries.Add(entry = new Entry(swarm));
            entry.Leases++;
            return new SwarmLease(this, entry);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Gives a swarm content, which the table owns from now on.</summary>
    internal async Task OpenAsync(Entry entry, TorrentContent content, bool fetch, Selection? only)
    {
        await _gate.WaitAsync();
        try
        {
            entry.Contents.Add(content); // the one before may still be read from: all are let go with the swarm
            entry.Swarm.Open(content, fetch, only);
            if (content.Info.IsPrivate || entry.Lan.Count > 0) return;

            foreach (var key in content.Info.Keys)
            {
                if (network.JoinLan(key, LocalInterest.Share, peer => entry.Swarm.AddPeers([peer])) is { } heard) entry.Lan.Add(heard);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Whether a swarm was given content.</summary>
    internal Task<bool> HasContentAsync(Entry entry) => AskAsync(() => entry.Contents.Count > 0);

    /// <summary>Whether any lease holds the swarm.</summary>
    internal Task<bool> IsWantedAsync(InfoHash id) => AskAsync(() => _entries.Exists(e => e.Swarm.Keys.Contains(id.Truncated)));

    /// <summary>Announces a swarm under each of its keys, once for all leases.</summary>
    /// <returns>Of its first key.</returns>
    internal async Task<Dht.AnnounceResult?> AnnounceAsync(Entry entry, bool isSeed, Action<Dht.CheckResult>? onChecked, CancellationToken ct)
    {
        if (network.Port == 0) return null;

        var keys = entry.Swarm.Keys;
        network.Dht.Announce([.. keys.Skip(1)], network.Port, isSeed);
        return await network.Dht.AnnounceAsync(keys[0], network.Port, isSeed, ct, onChecked);
    }

    /// <summary>Announces a swarm when it is due, without waiting: what the run before announced a moment ago is not repeated.</summary>
    internal void AnnounceWhenDue(Entry entry, bool isSeed)
    {
        if (network.Port != 0) network.Dht.Announce([.. entry.Swarm.Keys], network.Port, isSeed);
    }

    /// <summary>One download at a time of one torrent: the second waits for the first and then finds it in the store.</summary>
    internal static async Task<IDisposable> TakeTurnAsync(Entry entry, CancellationToken ct)
    {
        await entry.Turn.WaitAsync(ct);
        return new Turn(entry.Turn);
    }

    internal async Task LeaveAsync(Entry entry)
    {
        await _gate.WaitAsync();
        try
        {
            if (--entry.Leases == 0 && _entries.Remove(entry)) await CloseAsync(entry);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync();
        foreach (var entry in _entries) await CloseAsync(entry);
        _entries.Clear();
        _gate.Release();
    }

    private async Task<T> AskAsync<T>(Func<T> read)
    {
        await _gate.WaitAsync();
        try
        {
            return read();
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task CloseAsync(Entry entry)
    {
        foreach (var key in entry.Swarm.Keys) network.Dht.Withdraw(key);
        foreach (var heard in entry.Lan) heard.Dispose();
        await network.Engine.LeaveAsync(entry.Swarm);
        foreach (var content in entry.Contents) await content.DisposeAsync();
    }

    /// <summary>A swarm and what hangs on it.</summary>
    internal sealed class Entry(SwarmLoop swarm)
    {
        public SwarmLoop Swarm { get; } = swarm;

        public int Leases { get; set; }

        public List<TorrentContent> Contents { get; } = [];

        /// <summary>On the local network it is known by, once it has content and is not private.</summary>
        public List<IDisposable> Lan { get; } = [];

        public SemaphoreSlim Turn { get; } = new(1);
    }

    private sealed class Turn(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
