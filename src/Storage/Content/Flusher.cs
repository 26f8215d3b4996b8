using Shoal.Core.Geometry;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Content;

/// <summary>Brings files of one copy to the medium.</summary>
internal sealed class Flusher(StoreContext context, TorrentContent content)
{
    /// <summary>From so many files on, flushing the whole file system costs less than flushing each.</summary>
    private const int ManyFiles = 32;

    /// <returns>The files whose flush failed: what the medium has of them is unknown, also after a later flush that succeeds. And whether names are on it.</returns>
    public (HashSet<int> Failed, bool HasNames) Run(FlushBatch batch)
    {
        if ((batch.Names || batch.Files.Count >= ManyFiles) && TrySyncAll()) return ([], true);

        var failed = new HashSet<int>();
        foreach (var file in batch.Files)
        {
            if (!TryFlush(new FileIndex(file))) failed.Add(file);
        }

        return TryFlushNames(batch) ? (failed, true) : (batch.Files, false);
    }

    /// <summary>A file that is on the medium is lost all the same if its name is not.</summary>
    private bool TryFlushNames(FlushBatch batch)
    {
        var folders = new HashSet<string>();
        var files = batch.Names ? Enumerable.Range(0, content.Info.Files.Count) : batch.Files;
        foreach (var file in files.Select(f => new FileIndex(f))) Collect(content.State.IsPlaced(file) ? content.Layout.Final(file) : content.Layout.Staged(file), folders);
        try
        {
            foreach (var folder in folders.Where(f => context.Disk.Stat(f) is { Kind: DiskEntryKind.Folder })) context.Disk.FlushNames(folder);
            return true;
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            context.Warn(new StoreWarning(
                StoreWarningKind.FlushFailed, content.Layout.Folder, content.Info.InfoHash, $"{content.Layout.Folder} could not be flushed: check the disk; it is proven again after the next start of the machine"));
            return false;
        }
    }

    /// <summary>The folders from a file up to the one in which everything lies.</summary>
    private void Collect(string path, HashSet<string> folders)
    {
        var folder = Path.GetDirectoryName(path)!;
        while (folders.Add(folder) && folder.Length > content.Layout.Folder.Length) folder = Path.GetDirectoryName(folder)!;
    }

    private bool TryFlush(FileIndex file)
    {
        try
        {
            // Opening for writing would make a file that was just moved anew; only Windows cannot flush what is open for reading.
            var isWritable = OperatingSystem.IsWindows() && context.Disk.Stat(content.Layout.Staged(file)) is not null;
            var open = content.Use(file, isWritable);
            try
            {
                open.File.Flush();
                return true;
            }
            finally
            {
                context.Files.Release(open);
            }
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            var path = content.State.IsPlaced(file) ? content.Layout.Final(file) : content.Layout.Staged(file);
            context.Warn(new StoreWarning(
                StoreWarningKind.FlushFailed, path, content.Info.InfoHash, $"{path} could not be flushed: check the disk; it is proven again after the next start of the machine"));
            return false;
        }
    }

    private bool TrySyncAll()
    {
        try
        {
            return context.Disk.TrySyncAll(content.Layout.Folder);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            return false;
        }
    }
}
