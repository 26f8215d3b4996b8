using Shoal.Core;
using Shoal.Core.Metainfo;

namespace Shoal.Engine;

/// <summary>The keys under which peers of one content meet.</summary>
/// <param name="Torrent">Truncated infohashes, v2 first.</param>
/// <param name="Ids">Of a canonical torrent: the truncated IDs of the file and of the chunk that it is.</param>
internal sealed record SwarmKeys(IReadOnlyList<Hash160> Torrent, IReadOnlyList<Hash160> Ids)
{
    public IEnumerable<Hash160> All => Torrent.Concat(Ids);

    /// <summary>The keys once it is known what the name stands for.</summary>
    /// <param name="before">What was known until then: another name than the torrent's is that of the file or chunk.</param>
    public static SwarmKeys Of(TorrentInfo info, SwarmKeys before)
    {
        if (!CanonicalTorrent.Is(info)) return before.Torrent.Count == info.Keys.Count ? before : new SwarmKeys(info.Keys, []);

        var ids = before.Ids.Concat(before.Torrent).Append(info.Files[0].Id.Value.Truncated).Except(info.Keys).Distinct().ToList();
        return before.Torrent.SequenceEqual(info.Keys) && ids.Count == before.Ids.Count ? before : new SwarmKeys(info.Keys, ids);
    }
}
