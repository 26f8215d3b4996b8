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
    private readonly List<Entry> _entries = [];

    /// <param name="v1">Of a hybrid, the name of its v1 half, if it is known.</param>
    public Task<SwarmLease> EnterAsync(InfoHash id, Hash160? v1 = null) => EnterAsync(new SwarmNames(id) { V1 = v1 });

    /// <summary>Holds the swarm of that name, which is joined if nobody holds it yet.</summary>
    public async Task<SwarmLease> EnterAsync(SwarmNames name)
    {
        await _gate.WaitAsync();
        try
        {
            var swarm = network.Engine.Join(name);
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
    internal Task OpenAsync(Entry entry, TorrentContent content, bool fetch, Selection? only) => OpenAsync(entry, content, () => entry.Swarm.Open(content, fetch, only));

    /// <summary>The same with content that is only served.</summary>
    internal Task OpenAsync(Entry entry, ISwarmContent content) => OpenAsync(entry, content, () => entry.Swarm.Open(content));

    private async Task OpenAsync(Entry entry, ISwarmContent content, Action open)
    {
        await _gate.WaitAsync();
        try
        {
            entry.Content = content;
            entry.Contents.Add(content); // the one before may still be read from: all are let go with the swarm
            open();
            if (content.Info.IsPrivate || content is not TorrentContent || entry.Lan.Count > 0) return;

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

    /// <summary>Announces a swarm to trackers, beside those it is announced to already, under these names.</summary>
    /// <param name="tiers">Of <see cref="TrackerLists.Merge"/>.</param>
    /// <returns>Null if it has no tracker.</returns>
    internal async Task<TrackerHold?> TrackAsync(Entry entry, IReadOnlyList<Hash160> keys, IReadOnlyList<IReadOnlyList<string>> tiers)
    {
        await _gate.WaitAsync();
        try
        {
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
    internal Task<IReadOnlyList<TrackerSnapshot>> TrackersAsync(InfoHash id) => AskAsync(() => _entries.Find(e => e.Swarm.Keys.Contains(id.Truncated))?.Trackers?.Snapshot ?? []);

    /// <summary>Whether a swarm was given content.</summary>
    internal Task<bool> HasContentAsync(Entry entry) => AskAsync(() => entry.Contents.Count > 0);

    /// <summary>Whether any lease holds the swarm.</summary>
    internal Task<bool> IsWantedAsync(InfoHash id) => AskAsync(() => _entries.Exists(e => e.Swarm.Keys.Contains(id.Truncated)));

    /// <summary>How many leases hold the swarm.</summary>
    internal Task<int> CountLeasesAsync(InfoHash id) => AskAsync(() => _entries.Where(e => e.Swarm.Keys.Contains(id.Truncated)).Sum(e => e.Leases));

    /// <summary>The torrents that are served, as they are now, and the keys of swarms that are announced.</summary>
    internal Task<(List<AnnouncePlan.Served> Served, HashSet<Hash160> Announced)> ServedAsync() => AskAsync(() =>
    {
        var served = _entries.Select(e => e.Content is TorrentContent content ? new AnnouncePlan.Served(content.Info, content.Layers, content.CopyPresent(), e.Swarm.Snapshot.Peers.Count) { Ids = e.Swarm.Ids } : null);
        return (served.OfType<AnnouncePlan.Served>().ToList(), _entries.Where(e => e.IsAnnounced).SelectMany(e => e.Swarm.Keys).ToHashSet());
    });

    /// <summary>Whether a torrent is served.</summary>
    internal Task<bool> IsServedAsync(InfoHash id) => AskAsync(() => _entries.Exists(e => e.Content is TorrentContent content && content.Info.InfoHash == id));

    /// <summary>Announces a swarm under each of its keys, once for all leases.</summary>
    /// <returns>Of its first key.</returns>
    internal async Task<Dht.AnnounceResult?> AnnounceAsync(Entry entry, bool isSeed, Action<Dht.CheckResult>? onChecked, CancellationToken ct)
    {
        if (network.Port == 0) return null;

        entry.IsAnnounced = true;
        var keys = entry.Swarm.Keys;
        network.Dht.Announce([.. keys.Skip(1)], network.Port, isSeed);
        return await network.Dht.AnnounceAsync(keys[0], network.Port, isSeed, ct, onChecked);
    }

    /// <summary>Announces a swarm when it is due, without waiting: what the run before announced a moment ago is not repeated.</summary>
    internal void AnnounceWhenDue(Entry entry, bool isSeed)
    {
        if (network.Port == 0) return;

        entry.IsAnnounced = true;
        network.Dht.Announce([.. entry.Swarm.Keys], network.Port, isSeed);
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
        if (entry.IsAnnounced)
        {
            foreach (var key in entry.Swarm.Keys) network.Dht.Withdraw(key);
        }

        entry.Trackers?.Dispose(); // while it can still be counted
        foreach (var heard in entry.Lan) heard.Dispose();
        await network.Engine.LeaveAsync(entry.Swarm);
        foreach (var content in entry.Contents) await content.DisposeAsync();
    }

    /// <summary>A swarm and what hangs on it.</summary>
    internal sealed class Entry(SwarmLoop swarm)
    {
        public SwarmLoop Swarm { get; } = swarm;

        public int Leases { get; set; }

        /// <summary>Whether it is announced in the DHT.</summary>
        public volatile bool IsAnnounced;

        public List<ISwarmContent> Contents { get; } = [];

        /// <summary>The last it was given.</summary>
        public volatile ISwarmContent? Content;

        /// <summary>Its trackers, once one was named.</summary>
        public TrackerHold? Trackers { get; set; }

        /// <summary>On the local network it is known by, once it has content and is not private.</summary>
        public List<IDisposable> Lan { get; } = [];

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

        private static long LeftOf(ISwarmContent content)
        {
            var present = content.CopyPresent();
            if (present.IsFull) return 0;

            var left = content.Info.Length;
            for (var piece = present.NextSet(0); piece >= 0; piece = present.NextSet(piece + 1)) left -= content.Info.Geometry.ContentLengthOf(new PieceIndex(piece));
            return left;
        }
    }

    private sealed class Turn(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
