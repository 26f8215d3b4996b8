using Shoal.Storage.Content;

namespace Shoal.Storage.Disk;

/// <summary>
/// Refuses a torrent in which two files would be one on the disk it goes to, as where case or the composition of letters is ignored. The disk is asked, by making
/// empty files in the folder of the unfinished download; only for names that might be one, and none if it tells names apart.
/// </summary>
internal sealed class FoldCheck(IDisk disk, DiskLayout layout)
{
    private const string Probe = "names";

    /// <summary>Pairs that some disk folds: case, composition, and a letter that is ASCII in another case.</summary>
    private static readonly (string, string)[] Samples = [("a", "A"), ("\u00E9", "e\u0301"), ("\u00E9", "\u00C9"), ("k", "\u212A")];

    /// <exception cref="StoreException">Names collide.</exception>
    public void Run()
    {
        var doubtful = layout.Lookalikes();
        if (doubtful.Count == 0) return;

        var folder = Path.Join(layout.Staging, Probe);
        Trees.Delete(disk, folder);
        try
        {
            if (!Folds(folder)) return;

            var root = Path.Join(folder, "tree");
            foreach (var path in doubtful)
            {
                var full = Path.Join(root, path);
                if (disk.Stat(full) is not null) throw DiskLayout.Collision(path);

                MakeFolders(Path.GetDirectoryName(full)!, path);
                disk.Open(full, FileAccess.ReadWrite).Dispose();
            }
        }
        finally
        {
            Trees.Delete(disk, folder);
        }
    }

    private bool Folds(string folder)
    {
        disk.CreateFolder(folder);
        for (var i = 0; i < Samples.Length; i++)
        {
            var (name, other) = Samples[i];
            disk.Open(Path.Join(folder, $"{i}{name}"), FileAccess.ReadWrite).Dispose();
            if (disk.Stat(Path.Join(folder, $"{i}{other}")) is not null) return true;
        }

        return false;
    }

    private void MakeFolders(string folder, string path)
    {
        if (disk.Stat(folder) is { Kind: not DiskEntryKind.Folder }) throw DiskLayout.Collision(path);
        if (Path.GetDirectoryName(folder) is { } above && above.Length > layout.Staging.Length) MakeFolders(above, path);
        disk.CreateFolder(folder);
    }
}
