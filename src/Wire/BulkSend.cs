using System.Buffers;

namespace Shoal.Wire;

/// <summary>Blocks on their way out: runs of neighbours from one read each, their headers between them, one gathered send. Owned by the sender.</summary>
public sealed class BulkSend : IDisposable
{
    public const int MaxBlocks = 32;
    public const int MaxBytes = MaxBlocks * 16 * 1024;

    private readonly byte[] _headers = new byte[MaxBlocks * MessageWriter.PieceHeaderLength];
    private readonly List<ArraySegment<byte>> _segments = new(2 * MaxBlocks);
    private byte[] _bytes = [];

    internal IList<ArraySegment<byte>> Segments => _segments;

    public int Blocks => _segments.Count / 2;

    /// <summary>Payload bytes, headers not counted.</summary>
    public int Length { get; private set; }

    /// <summary>Begins with nothing.</summary>
    /// <param name="length">How many bytes are likely to be added.</param>
    public void Begin(int length)
    {
        Clear();
        if (_bytes.Length >= length) return;

        Return();
        _bytes = ArrayPool<byte>.Shared.Rent(length);
    }

    /// <summary>Where the bytes of the next blocks go, which are neighbours.</summary>
    public Memory<byte> Room(int length)
    {
        if (_bytes.Length - Length < length) Grow(Length + length);
        return _bytes.AsMemory(Length, length);
    }

    /// <summary>Adds a block whose bytes lie behind those of the one before.</summary>
    public void Add(BlockRequest request)
    {
        var at = Blocks * MessageWriter.PieceHeaderLength;
        MessageWriter.WritePieceHeader(_headers.AsSpan(at), request);
        _segments.Add(new ArraySegment<byte>(_headers, at, MessageWriter.PieceHeaderLength));
        _segments.Add(new ArraySegment<byte>(_bytes, Length, request.Length));
        Length += request.Length;
    }

    public void Clear()
    {
        _segments.Clear();
        Length = 0;
    }

    /// <summary>Gives the memory back until it is needed again.</summary>
    public void Return()
    {
        Clear();
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    public void Dispose() => Return();

    /// <summary>More was asked for meanwhile than was to be expected.</summary>
    private void Grow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(length);
        _bytes.AsSpan(0, Length).CopyTo(larger);
        for (var i = 1; i < _segments.Count; i += 2) _segments[i] = new ArraySegment<byte>(larger, _segments[i].Offset, _segments[i].Count);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
