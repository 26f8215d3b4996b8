using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Discovery.Trackers;

namespace Shoal.Node.Torrents;

/// <summary>The trackers of a torrent, by tier, put together from all who named some (BEP 12).</summary>
internal static class TrackerLists
{
    /// <summary>A tier for each URL: all of them are announced to.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Each(IEnumerable<string> urls) => [.. urls.Select(url => (IReadOnlyList<string>)[url])];

    /// <summary>All tiers in order, each URL where it came first. What is no tracker that can be asked is passed over.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Merge(params IEnumerable<IReadOnlyList<IReadOnlyList<string>>> lists)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var merged = new List<IReadOnlyList<string>>();
        foreach (var tier in lists.SelectMany(list => list))
        {
            var added = tier.Where(url => TrackerUrl.TryParse(url, out _) && known.Add(url)).ToList();
            if (added.Count > 0) merged.Add(added);
        }

        return merged;
    }

    /// <param name="tiers">Of <see cref="Merge"/>.</param>
    public static IReadOnlyList<IReadOnlyList<TrackerUrl>> Read(IReadOnlyList<IReadOnlyList<string>> tiers) =>
        [.. tiers.Select(tier => tier.Select(url => TrackerUrl.TryParse(url, out var read) ? read : null).OfType<TrackerUrl>().ToList())];

    /// <summary>The names under which a torrent is announced: the truncated one of v2, and that of its v1 half if it is a hybrid.</summary>
    public static IReadOnlyList<Hash160> KeysOf(InfoHash id, Hash160? v1) => v1 is { } half && half != id.Truncated ? [id.Truncated, half] : [id.Truncated];
}
