using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Node.Torrents;

/// <summary>
/// Which names of files and chunks are announced, of what is served: those of files before those of chunks, what is held in part first, then what the fewest peers share, up to a budget of keys
/// that torrents count against as well. Nothing of a private torrent is.
/// </summary>
internal static class AnnouncePlan
{
    /// <summary>Keys a node.</summary>
    public const int Budget = 10_000;

    /// <param name="torrents">Keys that are announced anyway.</param>
    /// <returns>Each key, and whether all of what it names is here (BEP 33).</returns>
    public static Dictionary<Hash160, bool> Of(IReadOnlyCollection<Served> served, IReadOnlySet<Hash160> torrents, AnnounceLevel level, int budget = Budget)
    {
        var keys = new Dictionary<Hash160, bool>();
        var left = budget - torrents.Count;
        var ordered = served.Where(s => !s.Info.IsPrivate && s.Info.HasV2 && !s.Present.IsEmpty).OrderBy(s => s.Present.IsFull).ThenBy(s => s.Peers).ToList();
        if (level >= AnnounceLevel.Files) Take(ordered.SelectMany(FileKeys));
        if (level >= AnnounceLevel.Chunks)
        {
            Take(ordered.Where(s => !s.Present.IsFull).SelectMany(s => ChunkKeys(s, ofWholeFiles: false)));
            Take(ordered.SelectMany(s => ChunkKeys(s, ofWholeFiles: true)));
        }

        return keys;

        void Take(IEnumerable<(Hash160 Key, bool IsWhole)> next)
        {
            foreach (var (key, isWhole) in next)
            {
                if (keys.Count >= left) return;
                if (!torrents.Contains(key) && !keys.TryAdd(key, isWhole) && isWhole) keys[key] = true; // here in part and there as a whole
            }
        }
    }

    private static IEnumerable<(Hash160 Key, bool IsWhole)> FileKeys(Served served)
    {
        for (var i = 0; i < served.Info.Files.Count; i++)
        {
            var file = served.Info.Files[i];
            if (file.Id.IsNone || !served.HasAny(new FileIndex(i))) continue;

            var isWhole = served.IsWhole(new FileIndex(i));
            yield return (CanonicalTorrent.NameOf(file.Id, file.Length).Truncated, isWhole);
            yield return (file.Id.Value.Truncated, isWhole);
        }

        foreach (var id in served.Ids) yield return (id, served.Present.IsFull);
    }

    private static IEnumerable<(Hash160 Key, bool IsWhole)> ChunkKeys(Served served, bool ofWholeFiles)
    {
        for (var piece = served.Present.NextSet(0); piece >= 0; piece = served.Present.NextSet(piece + 1))
        {
            var index = new PieceIndex(piece);
            if (served.Layers.IsKnown(index) && served.IsWhole(served.Info.Geometry.FileOf(index)) == ofWholeFiles) yield return (served.Layers[index].Value.Truncated, true);
        }
    }

    /// <summary>A torrent as it is served now.</summary>
    /// <param name="Peers">Connected for it.</param>
    internal sealed record Served(TorrentInfo Info, PieceLayers Layers, Bitfield Present, int Peers)
    {
        /// <summary>Second keys of its swarm.</summary>
        public IReadOnlyList<Hash160> Ids { get; init; } = [];

        public bool HasAny(FileIndex file)
        {
            var (first, count) = (Info.Geometry.FirstPiece(file).Value, Info.Geometry.PieceCountOf(file));
            var next = Present.NextSet(first);
            return next >= 0 && next < first + count;
        }

        public bool IsWhole(FileIndex file)
        {
            var (first, count) = (Info.Geometry.FirstPiece(file).Value, Info.Geometry.PieceCountOf(file));
            var absent = Present.NextClear(first);
            return absent < 0 || absent >= first + count;
        }
    }
}
