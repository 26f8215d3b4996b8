using System.Buffers;
using System.Buffers.Binary;
using Shoal.Core;

namespace Shoal.Wire;

/// <summary>Writes whole messages, length first (BEP 3, 5, 6, 10, 52).</summary>
public static class MessageWriter
{
    public const int PieceHeaderLength = MessageReader.LengthPrefix + 1 + MessageReader.PieceHead;

    public static void WriteKeepAlive(IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(4), 0);
        output.Advance(4);
    }

    /// <summary>A message without payload.</summary>
    public static void Write(IBufferWriter<byte> output, MessageType type) => Begin(output, type, 0);

    public static void WriteHave(IBufferWriter<byte> output, int piece) => WriteIndex(output, MessageType.Have, piece);

    public static void WriteAllowedFast(IBufferWriter<byte> output, int piece) => WriteIndex(output, MessageType.AllowedFast, piece);

    public static void WriteSuggest(IBufferWriter<byte> output, int piece)
    {
        BinaryPrimitives.WriteInt32BigEndian(Begin(output, MessageType.Suggest, 4), piece);
        output.Advance(4);
    }

    public static void WriteBitfield(IBufferWriter<byte> output, Bitfield bitfield)
    {
        bitfield.CopyTo(Begin(output, MessageType.Bitfield, bitfield.ByteLength));
        output.Advance(bitfield.ByteLength);
    }

    public static void WriteRequest(IBufferWriter<byte> output, MessageType type, BlockRequest request)
    {
        request.Write(Begin(output, type, BlockRequest.PayloadLength));
        output.Advance(BlockRequest.PayloadLength);
    }

    public static void WritePort(IBufferWriter<byte> output, int port)
    {
        BinaryPrimitives.WriteUInt16BigEndian(Begin(output, MessageType.Port, 2), (ushort)port);
        output.Advance(2);
    }

    /// <param name="hashes">For <c>hashes</c>: the hashes; otherwise empty.</param>
    public static void WriteHashes(IBufferWriter<byte> output, MessageType type, HashRequest request, ReadOnlySpan<byte> hashes = default)
    {
        var payload = Begin(output, type, HashRequest.PayloadLength + hashes.Length);
        request.Write(payload);
        hashes.CopyTo(payload[HashRequest.PayloadLength..]);
        output.Advance(HashRequest.PayloadLength + hashes.Length);
    }

    /// <param name="id">Of the extension, as the receiver numbers it; 0 for the extension handshake.</param>
    public static void WriteExtended(IBufferWriter<byte> output, int id, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail = default)
    {
        var payload = Begin(output, MessageType.Extended, 1 + head.Length + tail.Length);
        payload[0] = (byte)id;
        head.CopyTo(payload[1..]);
        tail.CopyTo(payload[(1 + head.Length)..]);
        output.Advance(1 + head.Length + tail.Length);
    }

    /// <summary>What precedes the bytes of a block.</summary>
    /// <param name="destination">At least <see cref="PieceHeaderLength"/> bytes.</param>
    public static void WritePieceHeader(Span<byte> destination, BlockRequest request)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, 1 + MessageReader.PieceHead + request.Length);
        destination[4] = (byte)MessageType.Piece;
        BinaryPrimitives.WriteInt32BigEndian(destination[5..], request.Piece);
        BinaryPrimitives.WriteInt32BigEndian(destination[9..], request.Begin);
    }

    private static void WriteIndex(IBufferWriter<byte> output, MessageType type, int piece)
    {
        BinaryPrimitives.WriteInt32BigEndian(Begin(output, type, 4), piece);
        output.Advance(4);
    }

    /// <summary>Writes length and type, and gives room for the payload, which is not advanced over.</summary>
    private static Span<byte> Begin(IBufferWriter<byte> output, MessageType type, int payload)
    {
        const int head = MessageReader.LengthPrefix + 1;
        var span = output.GetSpan(head + payload);
        BinaryPrimitives.WriteInt32BigEndian(span, 1 + payload);
        span[MessageReader.LengthPrefix] = (byte)type;
        output.Advance(head);
        return span[head..];
    }
}
