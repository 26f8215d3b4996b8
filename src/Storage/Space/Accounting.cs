using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Storage.Catalogues;

namespace Shoal.Storage.Space;

/// <summary>Counts what every copy has, and what several of them have once. Reads the catalogue copy by copy, and holds one entry for each different file.</summary>
internal sealed class Accounting(CopyIndex index, Func<StoredTorrent, (Core.Metainfo.TorrentInfo Info, Content.ContentState State)?> read, Func<StoredTorrent, StoredTorrent> current, Ledger ledger)
{
    /// <summary>A whole file: by its content, or where that has no name (v1) by its place in a torrent.</summary>
    private readonly record struct Key(Hash256 Root, long Length, InfoHash Torrent, int File);

    public StoreUsage Run(CancellationToken ct)
    {
        var copies = index.List();
        var holders = new Dictionary<Key, int>();
        var once = 0L;
        foreach (var torrent in copies)
        {
            ct.ThrowIfCancellationRequested();
            var whole = new HashSet<Key>();
            foreach (var (key, bytes) in FilesOf(torrent))
            {
                if (key is not { } file)
                {
                    once += bytes;
                }
                else if (whole.Add(file))
                {
                    var known = holders.GetValueOrDefault(file);
                    if (known == 0) once += bytes;
                    holders[file] = known + 1;
                }
            }
        }

        var usages = new List<TorrentUsage>();
        foreach (var torrent in copies)
        {
            ct.ThrowIfCancellationRequested();
            var (all, common) = (0L, 0L);
            foreach (var (key, bytes) in FilesOf(torrent))
            {
                all += bytes;
                if (key is { } file && holders.GetValueOrDefault(file) > 1) common += bytes;
            }

            usages.Add(new TorrentUsage(current(torrent), all, common, ledger.Of(torrent)));
        }

        return new StoreUsage(usages, once);
    }

    /// <returns>The bytes there are of each file, with its key if it is whole.</returns>
    private IEnumerable<(Key? Whole, long Bytes)> FilesOf(StoredTorrent torrent)
    {
        if (read(torrent) is not var (info, state)) yield break;

        var present = state.CopyPresent();
        for (var i = 0; i < info.Files.Count; i++)
        {
            var (file, entry) = (new FileIndex(i), info.Files[i]);
            if (entry.Length == 0) continue;

            var bytes = 0L;
            foreach (var piece in info.Geometry.PiecesOf(file))
            {
                if (present[piece]) bytes += info.Geometry.LengthOf(piece, file);
            }

            Key? whole = bytes < entry.Length ? null : entry.Id.IsNone ? new Key(default, entry.Length, info.InfoHash, i) : new Key(entry.Id.Value, entry.Length, default, 0);
            yield return (whole, bytes);
        }
    }
}
