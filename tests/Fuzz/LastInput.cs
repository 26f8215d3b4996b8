using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;

namespace Shoal.Fuzz;

/// <summary>The input that is being fed, in a mapped file: it is still there when the program dies of it, as of a stack that overflows.</summary>
internal sealed class LastInput : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte[] _length = new byte[4];

    public LastInput(string path, int maxLength)
    {
        Path = path;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, _length.Length + maxLength);
        _view = _file.CreateViewAccessor();
    }

    public string Path { get; }

    public void Note(ReadOnlySpan<byte> input)
    {
        BinaryPrimitives.WriteInt32BigEndian(_length, input.Length);
        _view.SafeMemoryMappedViewHandle.WriteSpan<byte>(0, _length);
        _view.SafeMemoryMappedViewHandle.WriteSpan((ulong)_length.Length, input);
    }

    /// <summary>Of this run or, given the file, of one that died.</summary>
    public static byte[] Read(byte[] file) => file.AsSpan(4, BinaryPrimitives.ReadInt32BigEndian(file)).ToArray();

    public byte[] Read()
    {
        var file = new byte[_view.Capacity];
        _view.ReadArray(0, file, 0, file.Length);
        return Read(file);
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
