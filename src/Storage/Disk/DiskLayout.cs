using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Storage.Disk;

/// <summary>Where the files of one copy lie. Every path is below <see cref="Root"/> or <see cref="StagingRoot"/>, or is one of them.</summary>
internal sealed class DiskLayout
{
    private readonly TorrentInfo _info;

    /// <param name="root">Absolute: the file, or the folder, at its final name.</param>
    public DiskLayout(TorrentInfo info, string root)
    {
        (_info, Root) = (info, root);
        Folder = Path.GetDirectoryName(root) ?? root;
        Staging = Path.Join(Folder, DiskNames.StagingOf(info.InfoHash));
        StagingRoot = Path.Join(Staging, Path.GetFileName(root));
    }

    public string Root { get; }

    /// <summary>Where the content stands, together with others.</summary>
    public string Folder { get; }

    /// <summary>The folder of the unfinished download; nothing else is in it.</summary>
    public string Staging { get; }

    public string StagingRoot { get; }

    public static DiskLayout ForDownload(TorrentInfo info, string folder, string? name = null) => new(info, Path.Join(folder, DiskNames.MendTop(name ?? info.Name)));

    public string Final(FileIndex file) => Below(Root, file);

    public string Staged(FileIndex file) => Below(StagingRoot, file);

    /// <summary>Refuses names that cannot stand side by side: the same twice, or a file where another needs a folder.</summary>
    public void RefuseCollisions()
    {
        if (_info.IsSingleFile) return;

        var (files, folders) = (new HashSet<string>(DiskNames.Comparer), new HashSet<string>(DiskNames.Comparer));
        for (var i = 0; i < _info.Files.Count; i++)
        {
            var path = Relative(new FileIndex(i));
            if (!files.Add(path)) throw Collision(path);

            for (var folder = Path.GetDirectoryName(path); !string.IsNullOrEmpty(folder) && folders.Add(folder);) folder = Path.GetDirectoryName(folder);
        }

        foreach (var path in files)
        {
            if (folders.Contains(path)) throw Collision(path);
        }
    }

    /// <summary>Where a link of the torrent leads, from the folder it is in; null if that is outside the torrent's folder.</summary>
    public string? LinkText(FileIndex file)
    {
        var (path, target) = (_info.Files[file].Path, _info.Files[file].LinkTarget!);
        if (_info.IsSingleFile) return null;

        // Core refuses "." and ".." in link targets, so going up to the top and down again cannot leave.
        var up = Enumerable.Repeat("..", path.Count - 1);
        return string.Join(Path.DirectorySeparatorChar, up.Concat(target.Select(DiskNames.Mend)));
    }

    private static StoreException Collision(string path) =>
        new(StoreErrorCode.NamesCollide, $"the torrent has two files that would both be {path} on this disk: it cannot be stored here", path);

    private string Below(string root, FileIndex file) => _info.IsSingleFile ? root : Path.Join(root, Relative(file));

    private string Relative(FileIndex file)
    {
        var path = _info.Files[file].Path;
        return path.Count == 1 ? DiskNames.Mend(path[0]) : string.Join(Path.DirectorySeparatorChar, path.Select(DiskNames.Mend));
    }
}
