using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Content;

/// <summary>
/// Deletes what a download brought: not what stood there before it, not what was changed since, nothing that is shared, and no folder that holds anything else.
/// </summary>
internal sealed class Removal(IDisk disk, StoredTorrent torrent, TorrentInfo info, CopyPlaces places, IReadOnlyList<StoredTorrent> others)
{
    private readonly DiskLayout _layout = new(info, torrent.Path);
    private readonly List<StoredTorrent> _near = [.. others.Where(o => RealPaths.IsBelow(torrent.Path, o.Path) || RealPaths.IsBelow(o.Path, torrent.Path))];

    /// <summary>The folder that the store made for this copy alone; null where it lies with the user.</summary>
    public string? OwnFolder { get; init; }

    public void Run()
    {
        var path = _layout.Staging;
        try
        {
            Trees.Delete(disk, path);
            for (var i = 0; i < info.Files.Count; i++)
            {
                path = _layout.Final(new FileIndex(i));
                if (!IsOurs(i, path) && !IsGone(i, path)) continue;

                disk.DeleteFile(path); // which an attempt before may have done, and not gone on to its folder
                for (var folder = Path.GetDirectoryName(path)!; folder.Length >= _layout.Root.Length && disk.TryDeleteFolder(folder);) folder = Path.GetDirectoryName(folder)!;
            }

            if (OwnFolder is { } own) Trees.Delete(disk, path = own);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Writing(e, path);
        }
    }

    /// <summary>A removal that was cut short may have deleted the file and not yet its folders.</summary>
    private bool IsGone(int file, string path) => places.Placed[file] && !places.Found[file] && disk.Stat(path) is null && disk.Stat(Path.GetDirectoryName(path)!) is { Kind: DiskEntryKind.Folder };

    private bool IsOurs(int file, string path)
    {
        if (_near.Exists(o => RealPaths.IsBelow(path, o.Path))) return false;

        var entry = disk.Stat(path);
        if (entry is null) return info.Files[file].LinkTarget is null && places.Placed[file] && !places.Found[file];

        return info.Files[file].LinkTarget is null
            ? places.Placed[file] && !places.Found[file] && entry is { Kind: DiskEntryKind.File } && entry.Stamp == places.Stamps[file]
            : entry is { Kind: DiskEntryKind.Link } && entry.LinkTarget == _layout.LinkText(new FileIndex(file));
    }
}
