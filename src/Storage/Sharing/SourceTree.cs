using System.Text;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Sharing;

/// <summary>
/// The files below a path, in the order of a file tree. Links are followed only if what they lead to is inside the folder that is shared; devices, pipes and
/// sockets, and what is the store's own, are left out.
/// </summary>
internal sealed class SourceTree(IDisk disk, string storePath, Action<StoreWarning> warn)
{
    private readonly List<SourceFile> _files = [];
    private string _realRoot = "";

    /// <param name="path">Absolute.</param>
    public List<SourceFile> Read(string path, out bool isFolder)
    {
        try
        {
            _realRoot = RealPaths.Resolve(disk, path) ?? throw new FileNotFoundException(path);
            var entry = disk.Stat(_realRoot) ?? throw new FileNotFoundException(path);
            isFolder = entry.Kind == DiskEntryKind.Folder;
            if (entry.Kind == DiskEntryKind.Special) throw new StoreException(StoreErrorCode.NothingToShare, $"{path} is a device, pipe or socket: name a file or a folder", path);

            if (isFolder) Walk(path, _realRoot, [], [_realRoot]);
            else _files.Add(new SourceFile([Path.GetFileName(path)], path, _realRoot, entry.Stamp, entry.IsExecutable));
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Reading(e, path);
        }

        if (_files.Count == 0) throw new StoreException(StoreErrorCode.NothingToShare, $"{path} holds no files: put some into it, or name another folder", path);
        return _files;
    }

    private void Walk(string folder, string realFolder, string[] elements, List<string> above)
    {
        var entries = List(folder);
        entries.Sort((a, b) => Encoding.UTF8.GetBytes(a.Name).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b.Name)));
        foreach (var entry in entries)
        {
            var path = Path.Join(folder, entry.Name);
            if (entry.Kind == DiskEntryKind.Link) Follow(entry, path, elements, above);
            else Add(entry, path, Path.Join(realFolder, entry.Name), [.. elements, entry.Name], above);
        }
    }

    private void Add(DiskEntry entry, string path, string realPath, string[] elements, List<string> above)
    {
        switch (entry.Kind)
        {
            case DiskEntryKind.File:
                _files.Add(new SourceFile(elements, path, realPath, entry.Stamp, entry.IsExecutable));
                break;
            case DiskEntryKind.Folder when DiskNames.IsStaging(entry.Name) || realPath == storePath:
                Warn(StoreWarningKind.FileSkipped, path, "belongs to Shoal itself and is not shared");
                break;
            case DiskEntryKind.Folder:
                above.Add(realPath);
                Walk(path, realPath, elements, above);
                above.RemoveAt(above.Count - 1);
                break;
            case DiskEntryKind.Special when entry.Name.Contains('\uFFFD'):
                Warn(StoreWarningKind.FileSkipped, path, "has a name that is not UTF-8 and is not shared: rename it");
                break;
            default:
                Warn(StoreWarningKind.SpecialFileSkipped, path, "is a device, pipe or socket and is not shared");
                break;
        }
    }

    private void Follow(DiskEntry link, string path, string[] elements, List<string> above)
    {
        var real = RealPaths.Resolve(disk, path);
        var entry = real is null ? null : disk.Stat(real);
        if (entry is null) Warn(StoreWarningKind.LinkSkipped, path, "is a link that leads nowhere and is not shared");
        else if (!RealPaths.IsBelow(real!, _realRoot)) Warn(StoreWarningKind.LinkSkipped, path, "is a link that leads out of the shared folder and is not followed");
        else if (above.Contains(real!)) Warn(StoreWarningKind.LinkSkipped, path, "is a link to a folder that it is in and is not followed");
        else Add(entry, path, real!, [.. elements, link.Name], above);
    }

    private List<DiskEntry> List(string folder)
    {
        try
        {
            return [.. disk.Enumerate(folder)];
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Reading(e, folder);
        }
    }

    private void Warn(StoreWarningKind kind, string path, string what) => warn(new StoreWarning(kind, path, null, $"{path} {what}"));
}
