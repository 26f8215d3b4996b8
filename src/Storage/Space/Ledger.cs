using Shoal.Core.Geometry;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;

namespace Shoal.Storage.Space;

/// <summary>How many bytes the store brought here: what was downloaded, and copies of its own. Shared sources, and files that stood at a target before, are the user's and do not count.</summary>
internal sealed class Ledger(StoreContext context, CopyIndex index, OpenCopies copies, long? quota)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, (long Have, long Owned)> _counted = [];

    /// <summary>Bytes that the store may bring here; null for no limit.</summary>
    public long? Quota { get; set; } = quota;

    /// <summary>Of one copy; while it is being fetched, all that it will have.</summary>
    public long Of(StoredTorrent torrent)
    {
        if (torrent.IsShared) return 0;
        if (copies.Peek(torrent.CopyId) is { } open) return Math.Max(Count(open.Info, open.CopyPresent(), open.State.CopyPlaces()), open.Opens > 0 ? open.Reserved : 0);

        lock (_lock)
        {
            if (_counted.TryGetValue(torrent.CopyId, out var known) && known.Have == torrent.Have) return known.Owned;
        }

        var owned = context.Catalogue.Read.Copy(torrent.CopyId) is { } row ? Count(row.Info, row.State.Present, row.Places) : 0;
        lock (_lock) _counted[torrent.CopyId] = (torrent.Have, owned);
        return owned;
    }

    public long Total() => index.List().Sum(Of);

    /// <exception cref="StoreException">So many more bytes would be too many.</exception>
    public void Check(long needed, string path)
    {
        if (Quota is not { } quota || needed <= 0) return;

        var held = Total();
        if (held + needed <= quota) return;

        throw new StoreException(
            StoreErrorCode.OverQuota,
            $"{path} needs {needed:N0} bytes, and the store may hold {quota:N0}, of which {held:N0} are used: make room with 'shoal gc --keep', or raise --quota",
            path);
    }

    private static long Count(Core.Metainfo.TorrentInfo info, Core.Bitfield present, CopyPlaces places)
    {
        var bytes = 0L;
        for (var i = 0; i < info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            if (places.Placed[file] && places.Found[file]) continue;

            foreach (var piece in info.Geometry.PiecesOf(file))
            {
                if (present[piece]) bytes += info.Geometry.LengthOf(piece, file);
            }
        }

        return bytes;
    }
}
