namespace Shoal.Storage.Disk;

/// <summary>An open file; positioned reads and writes from any thread.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>Length and time of last change of what is open.</summary>
    FileStamp Stamp { get; }

    /// <returns>Bytes read; fewer than asked only at the end of the file.</returns>
    int Read(Span<byte> destination, long offset);

    /// <summary>Reads if that needs no waiting for the medium.</summary>
    /// <returns>Whether all was read; if not, the destination holds no meaning.</returns>
    bool TryReadNow(Span<byte> destination, long offset);

    /// <summary>Takes room on the medium for so many bytes from the beginning, where the file system can; the length stays as it is.</summary>
    void Reserve(long length);

    void Write(ReadOnlySpan<byte> data, long offset);

    /// <summary>Makes a run of bytes share its blocks on the medium with a run of another file, where the file system can.</summary>
    /// <returns>Whether it does; if not, what the run holds now has no meaning.</returns>
    bool TryClone(IDiskFile from, long fromOffset, long offset, long length) => false;

    /// <summary>Brings what was written to the medium.</summary>
    void Flush();
}
