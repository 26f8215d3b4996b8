namespace Shoal.Discovery.Trackers;

/// <summary>The trackers of a torrent, tier by tier, each tier shuffled once so that trackers share the load (BEP 12). Bounded. Owned by its schedule.</summary>
internal sealed class TrackerTiers(Random random)
{
    /// <summary>Most trackers of one torrent; those beyond are never contacted.</summary>
    public const int MaxTrackers = 64;

    private readonly List<TrackerTier> _tiers = [];
    private readonly HashSet<TrackerUrl> _known = [];

    public IReadOnlyList<TrackerTier> All => _tiers;

    public IEnumerable<TrackerState> Trackers => _tiers.SelectMany(t => t.Trackers);

    /// <summary>Adds tiers after those there are, without trackers that are known.</summary>
    public void Add(IReadOnlyList<IReadOnlyList<TrackerUrl>> tiers)
    {
        foreach (var tier in tiers)
        {
            var added = tier.Where(url => _known.Count < MaxTrackers && _known.Add(url)).Select(url => new TrackerState(url, _tiers.Count)).ToArray();
            random.Shuffle(added);
            if (added.Length > 0) _tiers.Add(new TrackerTier(added));
        }
    }
}
