using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Shoal.Storage.Disk;

/// <summary>
/// The file system of Linux, below one folder: each element of a path is opened from the one above it, and one that is a link is refused, also if it became one a
/// moment ago. So whoever can write there cannot lead us out. What is not below the folder goes to the disk as it is.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class ConfinedDisk(RealDisk disk, string folder) : IDisk
{
    private const string OpenFolders = "/proc/self/fd";

    public IDiskFile Open(string path, FileAccess access)
    {
        if (!IsConfined(path)) return disk.Open(path, access);

        using var above = Above(path);
        return new RealFile(LinuxFolders.OpenFile(above, Path.GetFileName(path), access, path));
    }

    /// <summary>Says what is there; it is no leave to act on it, which the other verbs take for themselves.</summary>
    public DiskEntry? Stat(string path) => disk.Stat(path);

    public IReadOnlyList<DiskEntry> Enumerate(string path)
    {
        if (!IsConfined(path) || !Directory.Exists(OpenFolders)) return disk.Enumerate(path);

        using var above = Above(path);
        using var opened = LinuxFolders.Open(above, Path.GetFileName(path), path, canList: true);
        return disk.Enumerate(Path.Join(OpenFolders, $"{opened.DangerousGetHandle()}"));
    }

    public void CreateFolder(string path)
    {
        if (!IsConfined(path))
        {
            disk.CreateFolder(path);
            return;
        }

        disk.CreateFolder(folder);
        using var above = Walk(Path.GetDirectoryName(path)!, makes: true);
        LinuxFolders.MakeFolder(above, Path.GetFileName(path), path);
        LinuxFolders.Open(above, Path.GetFileName(path), path).Dispose(); // what is there already may be no folder
    }

    public void Rename(string from, string to, bool overwrite)
    {
        if (!IsConfined(from) || !IsConfined(to))
        {
            disk.Rename(from, to, overwrite);
            return;
        }

        using SafeFileHandle source = Above(from), target = Above(to);
        if (LinuxFolders.TryRename(source, Path.GetFileName(from), target, Path.GetFileName(to), overwrite, to)) return;
        if (disk.Stat(to) is not null) throw new IOException($"{to} is there");

        LinuxFolders.TryRename(source, Path.GetFileName(from), target, Path.GetFileName(to), overwrite: true, to);
    }

    public bool TryClone(string from, string to)
    {
        if (!IsConfined(to)) return disk.TryClone(from, to);

        using var above = Above(to);
        using (SafeFileHandle source = LinuxCalls.Open(from, FileAccess.Read), target = LinuxFolders.OpenFile(above, Path.GetFileName(to), FileAccess.ReadWrite, to))
        {
            if (LinuxCalls.TryClone(source, target)) return true;
        }

        LinuxFolders.DeleteFile(above, Path.GetFileName(to), to);
        return false;
    }

    public void DeleteFile(string path)
    {
        if (!IsConfined(path))
        {
            disk.DeleteFile(path);
            return;
        }

        if (disk.Stat(Path.GetDirectoryName(path)!) is null) return;

        using var above = Above(path);
        LinuxFolders.DeleteFile(above, Path.GetFileName(path), path);
    }

    public bool TryDeleteFolder(string path)
    {
        if (!IsConfined(path)) return disk.TryDeleteFolder(path);
        if (disk.Stat(Path.GetDirectoryName(path)!) is null) return true;

        using var above = Above(path);
        return LinuxFolders.TryDeleteFolder(above, Path.GetFileName(path), path);
    }

    public void CreateLink(string path, string target)
    {
        if (!IsConfined(path))
        {
            disk.CreateLink(path, target);
            return;
        }

        using var above = Above(path);
        LinuxFolders.MakeLink(above, Path.GetFileName(path), target, path);
    }

    public void SetExecutable(string path)
    {
        if (!IsConfined(path))
        {
            disk.SetExecutable(path);
            return;
        }

        using var above = Above(path);
        using var file = LinuxFolders.OpenFile(above, Path.GetFileName(path), FileAccess.Read, path);
        RealDisk.SetExecutable(file);
    }

    public long FreeSpace(string path) => disk.FreeSpace(path);

    public bool TrySyncAll(string path) => disk.TrySyncAll(path);

    public void FlushNames(string path) => disk.FlushNames(path);

    public IDisposable? TryLock(string path) => disk.TryLock(path);

    public IDisk Within(string other) => disk.Within(other);

    private bool IsConfined(string path) => path.Length > folder.Length && RealPaths.IsBelow(path, folder);

    private SafeFileHandle Above(string path) => Walk(Path.GetDirectoryName(path)!, makes: false);

    /// <summary>Opens the folder itself, in whose path links are the user's, and from there one element after the other.</summary>
    private SafeFileHandle Walk(string path, bool makes)
    {
        var current = LinuxFolders.Open(folder);
        try
        {
            foreach (var element in path[folder.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
            {
                if (makes) LinuxFolders.MakeFolder(current, element, path);
                var next = LinuxFolders.Open(current, element, path);
                current.Dispose();
                current = next;
            }

            var opened = current;
            current = null;
            return opened;
        }
        finally
        {
            current?.Dispose();
        }
    }
}
