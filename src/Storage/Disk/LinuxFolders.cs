using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Shoal.Storage.Disk;

/// <summary>System calls relative to an open folder, so that what a path names cannot be exchanged between two of them (openat(2) and its kin).</summary>
internal static partial class LinuxFolders
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int PathOnly = 0x200000, CloseOnExec = 0x80000, ReadWrite = 2, Create = 0x40, NonBlocking = 0x800; // O_PATH, …
    private const int RemoveFolder = 0x200; // AT_REMOVEDIR
    private const uint NoReplace = 1; // RENAME_NOREPLACE
    private const int AnyMode = 0x1FF, FileMode = 0x1B6; // less the umask
    private const int NoEntry = 2, AccessDenied = 13, NotPermitted = 1, Exists = 17, NotAFolder = 20, IsAFolder = 21, Invalid = 22, NotImplemented = 38, TooManyLinks = 40;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    private static int FolderOnly => IsArm ? 0x4000 : 0x10000; // O_DIRECTORY

    private static int NoFollow => IsArm ? 0x8000 : 0x20000; // O_NOFOLLOW

    /// <summary>A folder whose path may have links in it.</summary>
    public static SafeFileHandle Open(string path) => Handle(OpenAt(CurrentFolder, path, PathOnly | FolderOnly | CloseOnExec, 0), path);

    /// <summary>A folder in a folder; a link to one is refused.</summary>
    public static SafeFileHandle Open(SafeFileHandle folder, string name, string path, bool canList = false) =>
        Handle(OpenAt(folder, name, (canList ? 0 : PathOnly) | FolderOnly | NoFollow | CloseOnExec, 0), path);

    public static SafeFileHandle OpenFile(SafeFileHandle folder, string name, FileAccess access, string path)
    {
        var flags = access == FileAccess.Read ? NonBlocking : ReadWrite | Create | NonBlocking;
        return Handle(OpenAt(folder, name, flags | NoFollow | CloseOnExec, FileMode), path);
    }

    /// <summary>Nothing if it is there.</summary>
    public static void MakeFolder(SafeFileHandle folder, string name, string path)
    {
        if (MakeFolderAt(folder, name, AnyMode) != 0 && Marshal.GetLastPInvokeError() is not Exists) throw Error(path);
    }

    public static void MakeLink(SafeFileHandle folder, string name, string target, string path)
    {
        if (MakeLinkAt(target, folder, name) != 0) throw Error(path);
    }

    /// <summary>Nothing if it is not there.</summary>
    public static void DeleteFile(SafeFileHandle folder, string name, string path)
    {
        if (DeleteAt(folder, name, 0) != 0 && Marshal.GetLastPInvokeError() is not NoEntry) throw Error(path);
    }

    /// <returns>Whether it is gone.</returns>
    public static bool TryDeleteFolder(SafeFileHandle folder, string name, string path)
    {
        if (DeleteAt(folder, name, RemoveFolder) == 0) return true;

        var error = Marshal.GetLastPInvokeError();
        return error is AccessDenied or NotPermitted ? throw Error(path) : error is NoEntry;
    }

    /// <returns>False if the file system or the C library cannot tell whether something is there.</returns>
    public static bool TryRename(SafeFileHandle folder, string name, SafeFileHandle toFolder, string toName, bool overwrite, string path)
    {
        if (overwrite)
        {
            if (RenameAt(folder, name, toFolder, toName) != 0) throw Error(path);
            return true;
        }

        try
        {
            if (RenameAt(folder, name, toFolder, toName, NoReplace) == 0) return true;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }

        return Marshal.GetLastPInvokeError() is Invalid or NotImplemented ? false : throw Error(path);
    }

    private static SafeFileHandle Handle(int descriptor, string path) => descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Error(path);

    private static Exception Error(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        var message = $"{path}: {Marshal.GetPInvokeErrorMessage(error)}";
        return error switch
        {
            NoEntry => new FileNotFoundException(message, path),
            AccessDenied or NotPermitted or TooManyLinks or NotAFolder or IsAFolder => new UnauthorizedAccessException(message),
            _ => new IOException(message, error),
        };
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(SafeFileHandle folder, string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFolderAt(SafeFileHandle folder, string name, int mode);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeLinkAt(string target, SafeFileHandle folder, string name);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int DeleteAt(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(SafeFileHandle folder, string name, SafeFileHandle toFolder, string toName);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(SafeFileHandle folder, string name, SafeFileHandle toFolder, string toName, uint flags);
}
