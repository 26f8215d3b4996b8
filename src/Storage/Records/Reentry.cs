using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Records;

/// <summary>
/// Enters into the catalogue what it does not know any more, from the records and from how the files look. What stands at its name in its length is believed
/// to be there until the copy is opened, and proven then, before it is served.
/// </summary>
internal sealed class Reentry(IDisk disk, RecordFolder records, Catalogue catalogue, CatalogueWriter writer)
{
    /// <summary>Torrents whose record cannot be read.</summary>
    public int Unreadable { get; private set; }

    /// <param name="ids">Those that have a record.</param>
    /// <param name="compares">Whether also torrents that are known may lack copies.</param>
    /// <returns>How many copies were entered.</returns>
    public int Run(IReadOnlyList<InfoHash> ids, bool compares)
    {
        var known = catalogue.Records.Ids();
        var held = compares ? catalogue.Read.List().Select(t => (t.Id, t.Path)).ToHashSet() : [];
        var entered = 0;
        foreach (var id in ids)
        {
            if (!compares && known.Contains(id)) continue;
            if (TryRead(id) is not { } record)
            {
                if (!known.Contains(id)) Unreadable++;
                continue;
            }

            foreach (var copy in record.Copies)
            {
                if (held.Contains((id, copy.Path))) continue;
                Enter(record, copy);
                entered++;
            }

            if (known.Contains(id)) continue;
            if (record.Trackers.Count > 0) writer.SetTrackers(id, record.Trackers);
            if (record.IsPinned) writer.SetPin(id, true);
        }

        return entered;
    }

    private TorrentRecord? TryRead(InfoHash id)
    {
        try
        {
            return records.Read(id);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            return null;
        }
    }

    private void Enter(TorrentRecord record, CopyRecord copy)
    {
        var info = record.Info;
        var layout = new DiskLayout(info, copy.Path);
        var (placed, present) = (new Bitfield(info.Files.Count), new Bitfield(info.Geometry.PieceCount));
        var stamps = new FileStamp[info.Files.Count];
        var isComplete = true;
        for (var i = 0; i < info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            if (info.Files[i].LinkTarget is not null)
            {
                isComplete &= layout.LinkText(file) is null || disk.Stat(layout.Final(file)) is { Kind: DiskEntryKind.Link };
            }
            else if (Look(layout.Final(file), copy.IsShared) is { Kind: DiskEntryKind.File } entry && entry.Stamp.Length == info.Files[i].Length)
            {
                placed.Set(i);
                stamps[i] = entry.Stamp;
            }
            else
            {
                isComplete = false;
            }
        }

        var have = 0L;
        for (var i = 0; i < info.Geometry.PieceCount; i++)
        {
            var piece = new PieceIndex(i);
            if (info.Geometry.FilesOf(piece).Any(f => !placed[f])) continue;

            present.Set(i);
            have += info.Geometry.ContentLengthOf(piece);
        }

        var torrent = writer.AddTorrent(info, copy.Added);
        writer.AddLayers(torrent, info, record.Layers, Enumerable.Range(0, info.Files.Count).Select(i => new FileIndex(i)));
        writer.AddCopy(
            torrent,
            info,
            copy.Path,
            copy.IsShared,
            new CopyState(isComplete, have, CopyState.Guessed, present, new Bitfield(info.Geometry.PieceCount)),
            new CopyPlaces(placed, copy.Found, stamps));
    }

    /// <summary>A shared folder may have links to files inside it; a download has none that is followed.</summary>
    private DiskEntry? Look(string path, bool followsLink)
    {
        try
        {
            var entry = disk.Stat(path);
            return followsLink && entry is { Kind: DiskEntryKind.Link } ? RealPaths.Resolve(disk, path) is { } real ? disk.Stat(real) : null : entry;
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            return null;
        }
    }
}
