using Shoal.Storage.Disk;

namespace Shoal.Storage.Content;

internal static class Trees
{
    /// <summary>Deletes a folder that is the store's own, and all in it; links are deleted and not followed.</summary>
    public static void Delete(IDisk disk, string folder)
    {
        if (disk.Stat(folder) is not { Kind: DiskEntryKind.Folder }) return;

        foreach (var entry in disk.Enumerate(folder))
        {
            var path = Path.Join(folder, entry.Name);
            if (entry.Kind == DiskEntryKind.Folder) Delete(disk, path);
            else disk.DeleteFile(path);
        }

        disk.TryDeleteFolder(folder);
    }
}
