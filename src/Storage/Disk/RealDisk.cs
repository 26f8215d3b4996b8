using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Shoal.Storage.Disk;

/// <summary>The file system of this machine.</summary>
public sealed class RealDisk : IDisk
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const int KindMask = 0xF000, FileKind = 0x8000, FolderKind = 0x4000, LinkKind = 0xA000, ExecuteMask = 0x49; // stat(2): S_IFMT and its values

    public IDiskFile Open(string path, FileAccess access) => new RealFile(
        OperatingSystem.IsLinux() ? LinuxCalls.Open(path, access)
        : access == FileAccess.Read ? File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete)
        : File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));

    public DiskEntry? Stat(string path)
    {
        var name = Path.GetFileName(path);
        if (!OperatingSystem.IsLinux()) return StatByFramework(path, name);
        if (!LinuxCalls.TryStat(path, out var mode, out var stamp)) return null;

        var kind = (mode & KindMask) switch
        {
            FileKind => DiskEntryKind.File,
            FolderKind => DiskEntryKind.Folder,
            LinkKind => DiskEntryKind.Link,
            _ => DiskEntryKind.Special,
        };
        var target = kind == DiskEntryKind.Link ? new FileInfo(path).LinkTarget : null;
        return new DiskEntry(name, kind, stamp, kind == DiskEntryKind.File && (mode & ExecuteMask) != 0, target);
    }

    public IReadOnlyList<DiskEntry> Enumerate(string folder)
    {
        var entries = new List<DiskEntry>();
        foreach (var path in Directory.EnumerateFileSystemEntries(folder))
        {
            // A name that is not text cannot be named again; it is listed, as something that cannot be opened.
            entries.Add(Stat(path) ?? new DiskEntry(Path.GetFileName(path), DiskEntryKind.Special, default, false));
        }

        return entries;
    }

    public void CreateFolder(string path) => Directory.CreateDirectory(path);

    public void Rename(string from, string to, bool overwrite)
    {
        if (Stat(from) is { Kind: DiskEntryKind.Folder }) Directory.Move(from, to);
        else File.Move(from, to, overwrite);
    }

    public bool TryClone(string from, string to)
    {
        if (!OperatingSystem.IsLinux()) return false;

        using (SafeFileHandle source = LinuxCalls.Open(from, FileAccess.Read), target = LinuxCalls.CreateNew(to))
        {
            if (LinuxCalls.TryClone(source, target)) return true;
        }

        DeleteFile(to);
        return false;
    }

    public void DeleteFile(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }

    public bool TryDeleteFolder(string path)
    {
        try
        {
            Directory.Delete(path);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void CreateLink(string path, string target) => File.CreateSymbolicLink(path, target);

    public void SetExecutable(string path)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, Executable(File.GetUnixFileMode(path)));
    }

    [UnsupportedOSPlatform("windows")]
    internal static void SetExecutable(SafeFileHandle file) => File.SetUnixFileMode(file, Executable(File.GetUnixFileMode(file)));

    public long FreeSpace(string folder) => new DriveInfo(folder).AvailableFreeSpace;

    public bool TrySyncAll(string folder)
    {
        if (!OperatingSystem.IsLinux()) return false;

        using var handle = LinuxCalls.Open(folder, FileAccess.Read);
        return LinuxCalls.TrySyncFileSystem(handle);
    }

    public void FlushNames(string folder)
    {
        if (!OperatingSystem.IsLinux()) return; // elsewhere names go with the flush of a file

        using var handle = LinuxCalls.Open(folder, FileAccess.Read);
        RandomAccess.FlushToDisk(handle);
    }

    public IDisposable? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }
    }

    public IDisk Within(string folder) => OperatingSystem.IsLinux() ? new ConfinedDisk(this, folder) : this;

    /// <summary>Whoever may read may execute.</summary>
    private static UnixFileMode Executable(UnixFileMode mode)
    {
        var readers = (int)mode & (int)(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return mode | (UnixFileMode)(readers >> 2);
    }

    private static bool IsHeld(IOException e)
    {
        const int again = 11, againOnBsd = 35, sharing = unchecked((int)0x80070020), locked = unchecked((int)0x80070021);
        return e.HResult is again or againOnBsd or sharing or locked;
    }

    private static DiskEntry? StatByFramework(string path, string name)
    {
        FileSystemInfo info = new FileInfo(path);
        if ((int)info.Attributes == -1) return null;

        var stamp = new FileStamp(0, info.LastWriteTimeUtc.Ticks);
        if (info.LinkTarget is { } target) return new DiskEntry(name, DiskEntryKind.Link, stamp, false, target);
        if ((info.Attributes & FileAttributes.Directory) != 0) return new DiskEntry(name, DiskEntryKind.Folder, stamp, false);
        if ((info.Attributes & FileAttributes.Device) != 0) return new DiskEntry(name, DiskEntryKind.Special, stamp, false);

        var isExecutable = !OperatingSystem.IsWindows() && (info.UnixFileMode & AnyExecute) != 0;
        return new DiskEntry(name, DiskEntryKind.File, stamp with { Length = ((FileInfo)info).Length }, isExecutable);
    }
}
