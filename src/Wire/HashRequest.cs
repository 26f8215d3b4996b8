using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Core.Merkle;

namespace Shoal.Wire;

/// <summary>The payload of <c>hash request</c> and <c>hash reject</c>, and the head of <c>hashes</c> (BEP 52). Numbers as the peer sent them.</summary>
public readonly record struct HashRequest(FileId File, HashRange Range)
{
    public const int PayloadLength = Hash256.Length + 16;

    public static bool TryRead(ReadOnlySpan<byte> payload, out HashRequest request)
    {
        request = default;
        if (payload.Length < PayloadLength) return false;

        var numbers = payload[Hash256.Length..];
        request = new HashRequest(
            new FileId(new Hash256(payload[..Hash256.Length])),
            new HashRange(
                BinaryPrimitives.ReadInt32BigEndian(numbers),
                BinaryPrimitives.ReadInt32BigEndian(numbers[4..]),
                BinaryPrimitives.ReadInt32BigEndian(numbers[8..]),
                BinaryPrimitives.ReadInt32BigEndian(numbers[12..])));
        return true;
    }

    public void Write(Span<byte> destination)
    {
        File.Value.CopyTo(destination);
        var numbers = destination[Hash256.Length..];
        BinaryPrimitives.WriteInt32BigEndian(numbers, Range.BaseLayer);
        BinaryPrimitives.WriteInt32BigEndian(numbers[4..], Range.Index);
        BinaryPrimitives.WriteInt32BigEndian(numbers[8..], Range.Length);
        BinaryPrimitives.WriteInt32BigEndian(numbers[12..], Range.ProofLayers);
    }
}
