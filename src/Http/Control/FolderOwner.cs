using System.Runtime.InteropServices;

namespace Shoal.Http.Control;

/// <summary>Whose a folder is. A folder in a place where everybody writes may have been put there by somebody else, waiting for us.</summary>
internal static partial class FolderOwner
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint TypeModeUser = 0x1 | 0x2 | 0x8; // STATX_TYPE, STATX_MODE, STATX_UID
    private const int UserOffset = 20, ModeOffset = 28; // struct statx, the same on every architecture
    private const ushort TypeMask = 0xF000, TypeFolder = 0x4000;

    public static uint CurrentUser() => geteuid();

    /// <summary>True for a folder of this user, not a link to one. Where it cannot be told (not Linux), the mode alone decides.</summary>
    public static unsafe bool IsOurs(string folder)
    {
        if (!OperatingSystem.IsLinux()) return new DirectoryInfo(folder).LinkTarget is null;

        var buffer = stackalloc byte[256];
        try
        {
            if (statx(CurrentFolder, folder, NoFollow, TypeModeUser, buffer) != 0) return false;
        }
        catch (EntryPointNotFoundException)
        {
            return new DirectoryInfo(folder).LinkTarget is null;
        }

        var isFolder = (*(ushort*)(buffer + ModeOffset) & TypeMask) == TypeFolder;
        return isFolder && *(uint*)(buffer + UserOffset) == geteuid();
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* buffer);
}
