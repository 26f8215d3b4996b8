using Shoal.Storage.Disk;

namespace Shoal.Harness.Disk;

/// <summary>A disk that says it can share blocks between files, and copies them.</summary>
public sealed class CloningDisk(IDisk inner) : IDisk
{
    private int _clones;

    /// <summary>Whether the source changes at the last moment.</summary>
    public bool ClonesOtherBytes { get; init; }

    public int Clones => _clones;

    public IDiskFile Open(string path, FileAccess access) => new CloningFile(this, inner.Open(path, access));

    public DiskEntry? Stat(string path) => inner.Stat(path);

    public IReadOnlyList<DiskEntry> Enumerate(string folder) => inner.Enumerate(folder);

    public void CreateFolder(string path) => inner.CreateFolder(path);

    public void Rename(string from, string to, bool overwrite) => inner.Rename(from, to, overwrite);

    public bool TryClone(string from, string to) => inner.TryClone(from, to);

    public void DeleteFile(string path) => inner.DeleteFile(path);

    public bool TryDeleteFolder(string path) => inner.TryDeleteFolder(path);

    public void CreateLink(string path, string target) => inner.CreateLink(path, target);

    public void SetExecutable(string path) => inner.SetExecutable(path);

    public long FreeSpace(string folder) => inner.FreeSpace(folder);

    public bool TrySyncAll(string folder) => inner.TrySyncAll(folder);

    public void FlushNames(string folder) => inner.FlushNames(folder);

    public IDisposable? TryLock(string path) => inner.TryLock(path);

    private sealed class CloningFile(CloningDisk disk, IDiskFile inner) : IDiskFile
    {
        public FileStamp Stamp => inner.Stamp;

        public int Read(Span<byte> destination, long offset) => inner.Read(destination, offset);

        public bool TryReadNow(Span<byte> destination, long offset) => inner.TryReadNow(destination, offset);

        public void Reserve(long length) => inner.Reserve(length);

        public bool TryClone(IDiskFile from, long fromOffset, long offset, long length)
        {
            Interlocked.Increment(ref disk._clones);
            var bytes = new byte[length];
            if (from.Read(bytes, fromOffset) < length) return false;

            if (disk.ClonesOtherBytes) bytes[0] ^= 1;
            inner.Write(bytes, offset);
            return true;
        }

        public void Write(ReadOnlySpan<byte> data, long offset) => inner.Write(data, offset);

        public void Flush() => inner.Flush();

        public void Dispose() => inner.Dispose();
    }
}
