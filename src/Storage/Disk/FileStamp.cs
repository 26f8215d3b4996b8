namespace Shoal.Storage.Disk;

/// <summary>What tells cheaply whether a file was changed.</summary>
/// <param name="Modified">Time of last change, in nanoseconds or as fine as the file system has it.</param>
public readonly record struct FileStamp(long Length, long Modified);
