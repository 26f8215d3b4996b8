using Microsoft.Win32.SafeHandles;

namespace Shoal.Storage.Disk;

internal sealed class RealFile(SafeFileHandle handle) : IDiskFile
{
    private SafeFileHandle Handle => handle;

    public FileStamp Stamp => OperatingSystem.IsLinux()
        ? LinuxCalls.Stat(handle)
        : new FileStamp(RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle).Ticks);

    public int Read(Span<byte> destination, long offset)
    {
        var total = 0;
        while (total < destination.Length)
        {
            var read = RandomAccess.Read(handle, destination[total..], offset + total);
            if (read == 0) break;
            total += read;
        }

        return total;
    }

    public bool TryReadNow(Span<byte> destination, long offset) => OperatingSystem.IsLinux() && LinuxCalls.TryReadNow(handle, destination, offset);

    public void Reserve(long length)
    {
        if (OperatingSystem.IsLinux()) LinuxCalls.Reserve(handle, length);
    }

    public bool TryClone(IDiskFile from, long fromOffset, long offset, long length) =>
        OperatingSystem.IsLinux() && from is RealFile { Handle: var source } && LinuxCalls.TryClone(source, fromOffset, handle, offset, length);

    public void Write(ReadOnlySpan<byte> data, long offset) => RandomAccess.Write(handle, data, offset);

    public void Flush() => RandomAccess.FlushToDisk(handle);

    public void Dispose() => handle.Dispose();
}
