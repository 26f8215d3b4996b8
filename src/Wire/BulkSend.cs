using System.Buffers;

namespace Shoal.Wire;

/// <summary>A run of neighbouring blocks on its way out: their bytes from one read, their headers between them, one gathered send. Owned by the sender.</summary>
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

    /// <summary>Room for that many bytes of neighbouring blocks.</summary>
    public Memory<byte> Reserve(int length)
    {
        Clear();
        if (_bytes.Length < length)
        {
            Return();
            _bytes = ArrayPool<byte>.Shared.Rent(length);
        }

        return _bytes.AsMemory(0, length);
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
}
