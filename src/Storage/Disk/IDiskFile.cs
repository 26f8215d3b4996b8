namespace Shoal.Storage.Disk;

/// <summary>An open file; positioned reads and writes from any thread.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>Length and time of last change of what is open.</summary>
    FileStamp Stamp { get; }

    /// <returns>Bytes read; fewer than asked only at the end of the file.</returns>
    int Read(Span<byte> destination, long offset);

    void Write(ReadOnlySpan<byte> data, long offset);

    /// <summary>Brings what was written to the medium.</summary>
    void Flush();
}
