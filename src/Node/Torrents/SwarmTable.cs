using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Discovery.Local;
using Shoal.Discovery.Trackers;
using Shoal.Engine;
using Shoal.Node.Network;
using Shoal.Storage;

namespace Shoal.Node.Torrents;

/// <summary>The swarms that somebody in this process wants: joined with the first lease, left with the last, and then withdrawn from the DHT, the local network and trackers.</summary>
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
            entry.Content = content;
            entry.Contents.Add(content); // the one before may still be read from: all are let go with the swarm
            entry.Swarm.Open(content, fetch);
            if (!content.Info.IsPrivate) entry.Lan ??= network.JoinLan(id.Truncated, LocalInterest.Share, peer => entry.Swarm.AddPeers([peer]));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Announces a swarm to trackers, beside those it is announced to already, under these names.</summary>
    /// <param name="tiers">Of <see cref="TrackerLists.Merge"/>.</param>
    /// <returns>Null if it has no tracker.</returns>
    internal async Task<TrackerHold?> TrackAsync(InfoHash id, IReadOnlyList<Hash160> keys, IReadOnlyList<IReadOnlyList<string>> tiers)
    {
        await _gate.WaitAsync();
        try
        {
            var entry = _entries[id];
            var urls = TrackerLists.Read(tiers);
            if (entry.Trackers is { } known) known.Add(keys, urls);
            else if (urls.Count > 0)
            {
                entry.Trackers = network.Trackers.Join(new TrackedTorrent
                {
                    Keys = keys,
                    Tiers = urls,
                    Port = network.TrackerPort,
                    Counts = entry.Count,
                    OnPeers = peers => entry.Swarm.AddPeers(peers, wantIt: true),
                });
            }

            return entry.Trackers;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>How the trackers of a swarm stand; nothing if it has none.</summary>
    internal Task<IReadOnlyList<TrackerSnapshot>> TrackersAsync(InfoHash id) => AskAsync(() => _entries.GetValueOrDefault(id)?.Trackers?.Snapshot ?? []);

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
        entry.Trackers?.Dispose(); // while it can still be counted
        entry.Lan?.Dispose();
        await network.Engine.LeaveAsync(id);
        foreach (var content in entry.Contents) await content.DisposeAsync();
    }

    private sealed class Entry(SwarmLoop swarm)
    {
        public SwarmLoop Swarm { get; } = swarm;

        public int Leases { get; set; }

        public List<TorrentContent> Contents { get; } = [];

        /// <summary>The last it was given.</summary>
        public volatile TorrentContent? Content;

        /// <summary>Its trackers, once one was named.</summary>
        public TrackerHold? Trackers { get; set; }

        /// <summary>On the local network it is known by, once it has content and is not private.</summary>
        public IDisposable? Lan { get; set; }

        public SemaphoreSlim Turn { get; } = new(1);

        /// <summary>What trackers are told. Any thread may call.</summary>
        public AnnounceCounts Count()
        {
            const int Enough = 20;
            var now = Swarm.Snapshot;
            if (Content is not { } content) return AnnounceCounts.Unknown with { Uploaded = now.Uploaded, Downloaded = now.Downloaded };

            var left = LeftOf(content);
            return new AnnounceCounts(now.Uploaded, now.Downloaded, left, LacksPeers: left > 0 && now.Peers.Count < Enough);
        }

        private static long LeftOf(TorrentContent content)
        {
            var present = content.CopyPresent();
            if (present.IsFull) return 0;

            var left = content.Info.Length;
            for (var piece = present.NextSet(0); piece >= 0; piece = present.NextSet(piece + 1)) left -= content.Info.Geometry.LengthOf(new PieceIndex(piece));
            return left;
        }
    }

    private sealed class Turn(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
