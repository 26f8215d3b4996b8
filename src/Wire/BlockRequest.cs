using System.Buffers.Binary;

namespace Shoal.Wire;

/// <summary>The payload of <c>request</c>, <c>cancel</c> and <c>reject</c>: bytes of a piece (BEP 3, BEP 6). Numbers as the peer sent them.</summary>
public readonly record struct BlockRequest(int Piece, int Begin, int Length)
{
    public const int PayloadLength = 12;

    public static bool TryRead(ReadOnlySpan<byte> payload, out BlockRequest request)
    {
        request = default;
        if (payload.Length != PayloadLength) return false;

        request = new BlockRequest(
            BinaryPrimitives.ReadInt32BigEndian(payload),
            BinaryPrimitives.ReadInt32BigEndian(payload[4..]),
            BinaryPrimitives.ReadInt32BigEndian(payload[8..]));
        return true;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, Piece);
        BinaryPrimitives.WriteInt32BigEndian(destination[4..], Begin);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], Length);
    }
}
