using Shoal.Core.Geometry;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Content;

/// <summary>Brings files of one copy to the medium.</summary>
internal sealed class Flusher(StoreContext context, TorrentContent content)
{
    /// <summary>From so many files on, flushing the whole file system costs less than flushing each.</summary>
    private const int ManyFiles = 32;

    /// <returns>The files whose flush failed. What the medium has of them is unknown, also after a later flush that succeeds.</returns>
    public HashSet<int> Run(FlushBatch batch)
    {
        if ((batch.Names || batch.Files.Count >= ManyFiles) && TrySyncAll()) return [];

        var failed = new HashSet<int>();
        foreach (var file in batch.Files)
        {
            if (!TryFlush(new FileIndex(file))) failed.Add(file);
        }

        return failed;
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
