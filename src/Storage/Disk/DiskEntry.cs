namespace Shoal.Storage.Disk;

public enum DiskEntryKind
{
    File,
    Folder,
    Link,

    /// <summary>A device, pipe or socket.</summary>
    Special,
}

/// <param name="LinkTarget">What a link says, unresolved; null for others.</param>
public sealed record DiskEntry(string Name, DiskEntryKind Kind, FileStamp Stamp, bool IsExecutable, string? LinkTarget = null);
