using System.Buffers.Binary;

namespace Shoal.Wire;

/// <summary>Cuts a stream into messages: a 4-byte length, a type, a payload (BEP 3).</summary>
public static class MessageReader
{
    public const int LengthPrefix = 4;

    /// <summary>Index and offset before the bytes of a <c>piece</c> message.</summary>
    public const int PieceHead = 8;

    /// <summary>What stands at the front of the buffer.</summary>
    /// <param name="maxLength">Of a message, its prefix not counted.</param>
    /// <param name="consumed">Bytes of the whole message; if it is incomplete, bytes that it will have, or 0 while that is unknown.</param>
    /// <param name="payload">What follows the type; empty for a keep-alive.</param>
    public static MessageStatus TryRead(ReadOnlySpan<byte> buffer, int maxLength, out int consumed, out MessageType? type, out ReadOnlySpan<byte> payload)
    {
        consumed = 0;
        type = null;
        payload = default;
        if (buffer.Length < LengthPrefix) return MessageStatus.Incomplete;

        var length = BinaryPrimitives.ReadUInt32BigEndian(buffer);
        if (length > maxLength) return MessageStatus.TooLong;

        consumed = LengthPrefix + (int)length;
        if (buffer.Length < consumed) return MessageStatus.Incomplete;
        if (length == 0) return MessageStatus.Whole;

        type = (MessageType)buffer[LengthPrefix];
        payload = buffer[(LengthPrefix + 1)..consumed];
        return MessageStatus.Whole;
    }
}
