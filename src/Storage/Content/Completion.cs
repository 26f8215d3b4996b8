using Shoal.Core.Geometry;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Content;

/// <summary>
/// Moves a whole download to its name: by one rename if nothing stands there, else file by file into the folder that does. Killed at any
/// instant, it leaves each file either in staging or at its name, and can begin again. Of a download in part the wanted files are moved, and staging goes on keeping
/// what it has of others.
/// </summary>
internal sealed class Completion(StoreContext context, TorrentContent content, Selection only)
{
    private readonly HashSet<string> _checkedFolders = [];

    public void Run()
    {
        context.Files.CloseAll(content);
        try
        {
            FinishStaging();
            Move();
            if (only.IsAll) Trees.Delete(content.Disk, content.Layout.Staging);
            EnterStamps();
            if (!only.IsAll && !KeepsAny()) Trees.Delete(content.Disk, content.Layout.Staging);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Writing(e, content.Layout.Root);
        }

        if (only.IsAll || IsWhole()) content.State.Complete();
        else content.State.Moved();
        context.Files.CloseAll(content); // those opened for reading while files moved
    }

    private IEnumerable<FileIndex> Unplaced() => only.Files.Where(file => !content.State.IsPlaced(file));

    private IEnumerable<FileIndex> All() => Enumerable.Range(0, content.Info.Files.Count).Select(i => new FileIndex(i));

    /// <summary>Whether these files were the last.</summary>
    private bool IsWhole() => content.CopyPresent().IsFull && All().All(file => content.Info.Files[file].LinkTarget is null
        ? content.State.IsPlaced(file)
        : only.Contains(file) || content.Disk.Stat(content.Layout.Final(file)) is { Kind: DiskEntryKind.Link });

    /// <summary>Whether staging has bytes of present pieces: those of files wanted before, and in v1 those that share a piece with a wanted one.</summary>
    private bool KeepsAny() => All().Any(file => !content.State.IsPlaced(file) && content.Info.Geometry.PiecesOf(file).Any(content.State.IsPresent));

    private void FinishStaging()
    {
        foreach (var index in Unplaced())
        {
            var file = content.Info.Files[index];
            var path = content.Layout.Staged(index);
            if (file.LinkTarget is not null) MakeLink(index, path);
            else if (file.Length == 0 && content.Disk.Stat(content.Layout.Final(index)) is not { Kind: DiskEntryKind.File, Stamp.Length: 0 }) content.OpenForWriting(path).Dispose();

            if (file.IsExecutable && content.Disk.Stat(path) is { IsExecutable: false }) content.Disk.SetExecutable(path);
        }
    }

    private void MakeLink(FileIndex index, string path)
    {
        if (content.Disk.Stat(path) is not null) return;

        if (content.Layout.LinkText(index) is { } text)
        {
            content.Disk.CreateFolder(Path.GetDirectoryName(path)!);
            content.Disk.CreateLink(path, text);
            return;
        }

        context.Warn(new StoreWarning(StoreWarningKind.LinkNotMade, path, content.Info.InfoHash, $"the link {content.Info.Files[index].DisplayPath} was not made: it leads out of the torrent's folder"));
    }

    private void Move()
    {
        var layout = content.Layout;
        if (content.Disk.Stat(layout.StagingRoot) is null) return;

        if (only.IsAll && content.Disk.Stat(layout.Root) is null)
        {
            content.Disk.Rename(layout.StagingRoot, layout.Root, overwrite: false);
            return;
        }

        foreach (var index in Unplaced())
        {
            var (from, to) = (layout.Staged(index), layout.Final(index));
            if (content.Disk.Stat(from) is null) continue; // moved before, or already there

            if (!content.Info.IsSingleFile) MakeFolders(Path.GetDirectoryName(to)!);
            var there = content.Disk.Stat(to);
            if (there is not null && (there.Kind == DiskEntryKind.Folder || (!content.Overwrites && !IsSame(from, to)))) throw Targets.OtherContent(to);

            content.Disk.Rename(from, to, overwrite: there is not null);
        }
    }

    /// <summary>A file of v1 that could not be proven alone was fetched beside the one that stands there.</summary>
    private bool IsSame(string from, string to)
    {
        if (content.Info.Geometry.IsAligned || content.Disk.Stat(to) is not { Kind: DiskEntryKind.File }) return false;

        using IDiskFile first = content.Disk.Open(from, FileAccess.Read), second = content.Disk.Open(to, FileAccess.Read);
        if (first.Stamp.Length != second.Stamp.Length) return false;

        Span<byte> a = new byte[128 * 1024], b = new byte[128 * 1024];
        for (var at = 0L; at < first.Stamp.Length; at += a.Length)
        {
            var count = first.Read(a, at);
            if (second.Read(b, at) != count || !a[..count].SequenceEqual(b[..count])) return false;
        }

        return true;
    }

    /// <summary>Makes the folders above a file, and refuses any that is no folder, so that no link leads out of the torrent's.</summary>
    private void MakeFolders(string folder)
    {
        if (!_checkedFolders.Add(folder)) return;
        if (folder.Length > content.Layout.Root.Length) MakeFolders(Path.GetDirectoryName(folder)!);

        var entry = content.Disk.Stat(folder);
        if (entry is null) content.Disk.CreateFolder(folder);
        else if (entry.Kind != DiskEntryKind.Folder) throw Targets.OtherContent(folder);
    }

    private void EnterStamps()
    {
        foreach (var index in Unplaced())
        {
            var file = content.Info.Files[index];
            if (file.LinkTarget is not null) continue;

            var path = content.Layout.Final(index);
            var entry = content.Disk.Stat(path);
            if (entry is null || entry.Kind != DiskEntryKind.File || entry.Stamp.Length != file.Length)
            {
                throw new StoreException(StoreErrorCode.DiskFailed, $"{path} is not what was written there: run it again, and it is proven", path);
            }

            content.State.Place(index, entry.Stamp, isFound: false);
        }
    }
}
