namespace Shoal.Storage.Disk;

/// <summary>A file that is kept open while it is used, and some time after.</summary>
internal sealed class OpenFile((object Owner, int File) key, IDiskFile file, bool isWritable, long checkedAt)
{
    public (object Owner, int File) Key { get; } = key;

    public IDiskFile File { get; } = file;

    public bool IsWritable { get; } = isWritable;

    /// <summary>When its path was last seen to name it.</summary>
    public long CheckedAt { get; set; } = checkedAt;

    internal int Uses { get; set; } = 1;

    internal bool IsDropped { get; set; }

    internal LinkedListNode<OpenFile>? Idle { get; set; }
}
