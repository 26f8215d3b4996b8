using Shoal.Storage;

namespace Shoal.Node.Torrents;

/// <summary>How many others are known to have all of a torrent. Only what says so counts: seeds connected, trackers, and the DHT's count, or what any of them said some days ago.</summary>
internal sealed class OtherHolders(NodeServices services)
{
    private const int EnoughContacts = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Memory = TimeSpan.FromDays(7);

    /// <returns>Null where nobody has said.</returns>
    public async Task<int?> CountAsync(StoredTorrent torrent, CancellationToken ct)
    {
        var counts = new List<int>();
        if (services.Network is { } network && services.Swarms is { } swarms)
        {
            var swarm = network.Engine.Swarms.FirstOrDefault(s => s.Keys.Contains(torrent.Id.Truncated));
            if (swarm is not null && SeedsIn(swarm.Snapshot) is > 0 and var connected) counts.Add(connected);

            var own = torrent.IsComplete && services.Options.Announces && swarm is not null ? 1 : 0; // we are counted too
            counts.AddRange((await swarms.TrackersAsync(torrent.Id)).Where(t => t.Seeds is not null).Select(t => Math.Max(0, t.Seeds!.Value - own)));
            if (counts.TrueForAll(c => c == 0) && !torrent.IsPrivate && await AskDhtAsync(torrent, own, ct) is { } seeds) counts.Add(Math.Max(0, seeds - own));
            if (counts.Count > 0) services.Store.CountOthers(torrent, counts.Max());
        }

        if (counts.Count > 0) return counts.Max();
        return services.Store.Others(torrent) is { } known && services.Options.Clock.GetUtcNow() - known.At < Memory ? known.Count : null;
    }

    /// <summary>Remembers the seeds that a swarm knows; that it is connected to none says nothing.</summary>
    public static void Remember(Store store, StoredTorrent torrent, Engine.SwarmSnapshot swarm)
    {
        if (SeedsIn(swarm) is > 0 and var seeds) store.CountOthers(torrent, seeds);
    }

    private static int SeedsIn(Engine.SwarmSnapshot swarm) => swarm.Peers.Concat(swarm.Givers).Where(p => p.IsSeed).Select(p => p.Address).Distinct().Count();

    /// <summary>That a lookup found nobody else counts only if it reached as many nodes as an announcement goes to.</summary>
    private async Task<int?> AskDhtAsync(StoredTorrent torrent, int own, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(Patience, services.Options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            var found = await services.Network!.Dht.FindPeersAsync(torrent.Id.Truncated, scrape: true, _ => { }, either.Token);
            return found.Seeds is { } seeds && (Math.Round(seeds) > own || found.Contacts >= EnoughContacts) ? (int)Math.Round(seeds) : null;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }
}
