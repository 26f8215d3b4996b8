using Shoal.Storage.Disk;

namespace Shoal.Harness.Disk;

/// <summary>A disk that fails: at one operation of those that change something or read, or once it is full.</summary>
public sealed class FaultyDisk(IDisk inner) : IDisk
{
    private const int InputOutputError = 5, DiskFull = 28; // errno

    private long _operations;
    private long _written;

    /// <summary>The operation that fails, counted from 1, and every one after it; 0 for none.</summary>
    public long FailFrom { get; set; }

    /// <summary>Whether only one operation fails, and those after it succeed.</summary>
    public bool FailsOnce { get; set; }

    /// <summary>Bytes that may be written before the disk is full.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>What it says is free; null for what the real one says.</summary>
    public long? ReportedFree { get; set; }

    /// <summary>Whether all that is read lies in memory; null for what the real one says.</summary>
    public bool? IsCached { get; set; }

    /// <summary>Whether files are cloned as on a file system that can, by copying.</summary>
    public bool Clones { get; set; }

    public long Operations => Interlocked.Read(ref _operations);

    public IDiskFile Open(string path, FileAccess access)
    {
        Step();
        return new FaultyFile(this, inner.Open(path, access));
    }

    public DiskEntry? Stat(string path) => inner.Stat(path);

    public IReadOnlyList<DiskEntry> Enumerate(string folder)
    {
        Step();
        return inner.Enumerate(folder);
    }

    public void CreateFolder(string path)
    {
        Step();
        inner.CreateFolder(path);
    }

    public void Rename(string from, string to, bool overwrite)
    {
        Step();
        inner.Rename(from, to, overwrite);
    }

    public bool TryClone(string from, string to)
    {
        Step();
        if (!Clones) return inner.TryClone(from, to);

        File.Copy(from, to);
        return true;
    }

    public void DeleteFile(string path)
    {
        Step();
        inner.DeleteFile(path);
    }

    public bool TryDeleteFolder(string path)
    {
        Step();
        return inner.TryDeleteFolder(path);
    }

    public void CreateLink(string path, string target)
    {
        Step();
        inner.CreateLink(path, target);
    }

    public void SetExecutable(string path)
    {
        Step();
        inner.SetExecutable(path);
    }

    public long FreeSpace(string folder) => ReportedFree ?? inner.FreeSpace(folder);

    public bool TrySyncAll(string folder)
    {
        Step();
        return inner.TrySyncAll(folder);
    }

    public IDisposable? TryLock(string path) => inner.TryLock(path);

    private void Step()
    {
        var operation = Interlocked.Increment(ref _operations);
        if (FailFrom > 0 && (FailsOnce ? operation == FailFrom : operation >= FailFrom)) throw new IOException("the disk failed on purpose", InputOutputError);
    }

    private void Write(int bytes)
    {
        Step();
        if (Interlocked.Add(ref _written, bytes) > Capacity) throw new IOException("the disk is full on purpose", DiskFull);
    }

    private sealed class FaultyFile(FaultyDisk disk, IDiskFile inner) : IDiskFile
    {
        public FileStamp Stamp => inner.Stamp;

        public int Read(Span<byte> destination, long offset)
        {
            disk.Step();
            return inner.Read(destination, offset);
        }

        public bool TryReadNow(Span<byte> destination, long offset)
        {
            disk.Step();
            return disk.IsCached is { } cached ? cached && inner.Read(destination, offset) == destination.Length : inner.TryReadNow(destination, offset);
        }

        public void Reserve(long length) => inner.Reserve(length);

        public void Write(ReadOnlySpan<byte> data, long offset)
        {
            disk.Write(data.Length);
            inner.Write(data, offset);
        }

        public void Flush()
        {
            disk.Step();
            inner.Flush();
        }

        public void Dispose() => inner.Dispose();
    }
}
