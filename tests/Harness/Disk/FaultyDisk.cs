using System.Runtime.CompilerServices;
using Shoal.Storage.Disk;

namespace Shoal.Harness.Disk;

/// <summary>A disk that fails: at one operation of those that change something or read, or once it is full.</summary>
public sealed class FaultyDisk : IDisk
{
    private const int InputOutputError = 5, DiskFull = 28; // errno

    private readonly IDisk _inner;
    private readonly FaultyDisk _owner;
    private long _operations;
    private long _written, _reads;

    public FaultyDisk(IDisk inner) => (_inner, _owner) = (inner, this);

    private FaultyDisk(IDisk inner, FaultyDisk owner) => (_inner, _owner) = (inner, owner);

    /// <summary>Runs before an operation is done, with its name; a test may use it to change the disk behind the store's back.</summary>
    public Action<string>? Before { get; set; }

    /// <summary>The operation that fails, counted from 1, and every one after it; 0 for none.</summary>
    public long FailFrom { get; set; }

    /// <summary>Whether only one operation fails, and those after it succeed.</summary>
    public bool FailsOnce { get; set; }

    /// <summary>Whether a write that fails lands in part.</summary>
    public bool Tears { get; set; }

    /// <summary>Bytes that may be written before the disk is full.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    public long Written => Interlocked.Read(ref _written);

    /// <summary>What it says is free; null for what the real one says.</summary>
    public long? ReportedFree { get; set; }

    /// <summary>Whether all that is read lies in memory; null for what the real one says.</summary>
    public bool? IsCached { get; set; }

    /// <summary>Whether files are cloned as on a file system that can, by copying.</summary>
    public bool Clones { get; set; }

    public long Operations => Interlocked.Read(ref _operations);

    /// <summary>Those that read a file.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    public IDiskFile Open(string path, FileAccess access)
    {
        Step();
        return new FaultyFile(_owner, _inner.Open(path, access));
    }

    public DiskEntry? Stat(string path) => _inner.Stat(path);

    public IReadOnlyList<DiskEntry> Enumerate(string folder)
    {
        Step();
        return _inner.Enumerate(folder);
    }

    public void CreateFolder(string path)
    {
        Step();
        _inner.CreateFolder(path);
    }

    public void Rename(string from, string to, bool overwrite)
    {
        Step();
        _inner.Rename(from, to, overwrite);
    }

    public bool TryClone(string from, string to)
    {
        Step();
        if (!_owner.Clones) return _inner.TryClone(from, to);

        File.Copy(from, to);
        return true;
    }

    public void DeleteFile(string path)
    {
        Step();
        _inner.DeleteFile(path);
    }

    public bool TryDeleteFolder(string path)
    {
        Step();
        return _inner.TryDeleteFolder(path);
    }

    public void CreateLink(string path, string target)
    {
        Step();
        _inner.CreateLink(path, target);
    }

    public void SetExecutable(string path)
    {
        Step();
        _inner.SetExecutable(path);
    }

    public long FreeSpace(string folder) => _owner.ReportedFree ?? _inner.FreeSpace(folder);

    public bool TrySyncAll(string folder)
    {
        Step();
        return _inner.TrySyncAll(folder);
    }

    public void FlushNames(string folder)
    {
        Step();
        _inner.FlushNames(folder);
    }

    public IDisposable? TryLock(string path) => _inner.TryLock(path);

    public IDisk Within(string folder) => new FaultyDisk(_inner.Within(folder), _owner);

    private void Step([CallerMemberName] string name = "")
    {
        if (_owner != this)
        {
            _owner.Step(name);
            return;
        }

        Before?.Invoke(name);
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
            Interlocked.Increment(ref disk._reads);
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
            try
            {
                disk.Write(data.Length);
            }
            catch (IOException) when (disk.Tears)
            {
                inner.Write(data[..(data.Length / 2)], offset);
                throw;
            }

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
