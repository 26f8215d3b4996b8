namespace Shoal.Storage.Disk;

/// <summary>Turns failures of the file system into words that name the path and say what to do.</summary>
internal static class DiskErrors
{
    private const int NoSpace = 28, QuotaExceeded = 122, QuotaExceededOnBsd = 69, ReadOnly = 30, NameTooLong = 36, NameTooLongOnBsd = 63; // errno
    private const int WindowsDiskFull = unchecked((int)0x80070070), WindowsHandleDiskFull = unchecked((int)0x80070027);

    public static bool IsDisk(Exception e) => e is IOException or UnauthorizedAccessException;

    public static bool IsMissing(Exception e) => e is FileNotFoundException or DirectoryNotFoundException;

    public static StoreException Reading(Exception e, string path) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => new(StoreErrorCode.NotFound, $"{path} does not exist: check the path", path, e),
        UnauthorizedAccessException => new(StoreErrorCode.Unreadable, $"{path} cannot be read: check its permissions", path, e),
        _ => new(StoreErrorCode.DiskFailed, $"{path} could not be read ({Reason(e)}): check the disk", path, e),
    };

    public static StoreException Writing(Exception e, string path) => e switch
    {
        StoreException already => already,
        UnauthorizedAccessException => new(StoreErrorCode.Unwritable, $"{path} cannot be written: choose another folder, or change its permissions", path, e),
        IOException { HResult: NoSpace or QuotaExceeded or QuotaExceededOnBsd or WindowsDiskFull or WindowsHandleDiskFull } =>
            new(StoreErrorCode.NoSpace, $"the disk is full at {path}: make room and run it again; what was fetched is kept", path, e),
        IOException { HResult: ReadOnly } => new(StoreErrorCode.Unwritable, $"{path} is on a read-only file system: choose another folder", path, e),
        IOException { HResult: NameTooLong or NameTooLongOnBsd } or PathTooLongException =>
            new(StoreErrorCode.Unwritable, $"{path} is too long a name for this disk: choose a folder with a shorter path", path, e),
        FileNotFoundException or DirectoryNotFoundException => new(StoreErrorCode.Unwritable, $"{path} cannot be made: its folder is gone or is a file", path, e),
        _ => new(StoreErrorCode.DiskFailed, $"{path} could not be written ({Reason(e)}): check the disk", path, e),
    };

    private static string Reason(Exception e) => $"{e.GetType().Name}, code {e.HResult & 0xFFFF}";
}
