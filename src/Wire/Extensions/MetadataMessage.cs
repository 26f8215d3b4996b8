using System.Buffers;
using Shoal.Core.Bencode;

namespace Shoal.Wire.Extensions;

/// <summary>A message of <c>ut_metadata</c> (BEP 9): asks for, gives or refuses 16 KiB of the info dictionary.</summary>
public readonly record struct MetadataMessage(MetadataMessageType Type, int Piece, long TotalSize)
{
    public const int PieceLength = 16 * 1024; // BEP 9

    public void Write(IBufferWriter<byte> output)
    {
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.WriteString("msg_type"u8);
        writer.WriteInteger((int)Type);
        writer.WriteString("piece"u8);
        writer.WriteInteger(Piece);
        if (Type == MetadataMessageType.Data)
        {
            writer.WriteString("total_size"u8);
            writer.WriteInteger(TotalSize);
        }

        writer.End();
    }

    /// <param name="data">What follows the dictionary: the piece, in a message that gives one.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MetadataMessage message, out ReadOnlySpan<byte> data)
    {
        message = default;
        data = default;
        long type = -1, piece = -1, size = 0;
        var reader = new BencodeReader(bytes);
        if (!reader.TryEnterDictionary()) return false;

        while (reader.TryReadKey(out var key))
        {
            var read = key.SequenceEqual("msg_type"u8) ? reader.TryReadInteger(out type)
                : key.SequenceEqual("piece"u8) ? reader.TryReadInteger(out piece)
                : key.SequenceEqual("total_size"u8) ? reader.TryReadInteger(out size)
                : reader.TrySkip();
            if (!read) return false;
        }

        if (!reader.TryLeave() || piece is < 0 or > int.MaxValue || type is < 0 or > int.MaxValue) return false;

        message = new MetadataMessage((MetadataMessageType)type, (int)piece, size);
        data = bytes[reader.Position..];
        return true;
    }
}
