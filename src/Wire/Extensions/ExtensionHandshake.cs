using System.Buffers;
using System.Text;
using Shoal.Core;
using Shoal.Core.Bencode;

namespace Shoal.Wire.Extensions;

/// <summary>The extension handshake (BEP 10): which extensions a side takes and under which numbers, and what it is.</summary>
public sealed record ExtensionHandshake
{
    /// <summary>No longer one is read.</summary>
    public const int MaxLength = 16 * 1024;

    private const int MaxClientLength = 64;

    /// <summary>The number under which the side takes <c>ut_metadata</c> (BEP 9); 0 for not at all.</summary>
    public int MetadataId { get; init; }

    /// <summary>Bytes of the info dictionary, if the side has it.</summary>
    public long MetadataSize { get; init; }

    /// <summary>Name and version of the client.</summary>
    public string? Client { get; init; }

    /// <summary>The TCP port the side listens on; 0 if it does not say.</summary>
    public int ListenPort { get; init; }

    /// <summary>How many requests the side keeps waiting before it drops some; 0 if it does not say.</summary>
    public int RequestQueue { get; init; }

    public void Write(IBufferWriter<byte> output)
    {
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.WriteString("m"u8);
        writer.BeginDictionary();
        if (MetadataId != 0) WritePair(writer, "ut_metadata"u8, MetadataId);
        writer.End();
        if (MetadataSize != 0) WritePair(writer, "metadata_size"u8, MetadataSize);
        if (ListenPort != 0) WritePair(writer, "p"u8, ListenPort);
        if (RequestQueue != 0) WritePair(writer, "reqq"u8, RequestQueue);
        if (Client is not null)
        {
            writer.WriteString("v"u8);
            writer.WriteString(Client);
        }

        writer.End();
    }

    /// <summary>Keys may be missing, unknown or in any order; a known key of the wrong kind is passed over.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ExtensionHandshake handshake)
    {
        handshake = new ExtensionHandshake();
        var reader = new BencodeReader(bytes);
        if (bytes.Length > MaxLength || !reader.TryEnterDictionary()) return false;

        while (reader.TryReadKey(out var key))
        {
            if (key.SequenceEqual("m"u8) && reader.Peek() == BencodeType.Dictionary)
            {
                if (!TryReadNumbers(ref reader, out var metadataId)) return false;
                handshake = handshake with { MetadataId = metadataId };
            }
            else if (reader.Peek() == BencodeType.Integer)
            {
                if (!reader.TryReadInteger(out var value)) return false;
                if (key.SequenceEqual("metadata_size"u8)) handshake = handshake with { MetadataSize = Math.Max(0, value) };
                else if (key.SequenceEqual("p"u8) && value is > 0 and <= ushort.MaxValue) handshake = handshake with { ListenPort = (int)value };
                else if (key.SequenceEqual("reqq"u8)) handshake = handshake with { RequestQueue = (int)Math.Clamp(value, 0, int.MaxValue) };
            }
            else if (key.SequenceEqual("v"u8) && reader.Peek() == BencodeType.String)
            {
                if (!reader.TryReadString(out var client)) return false;
                handshake = handshake with { Client = ClientName.Clean(Encoding.UTF8.GetString(client[..Math.Min(client.Length, MaxClientLength)])) };
            }
            else if (!reader.TrySkip())
            {
                return false;
            }
        }

        return reader.TryLeave();
    }

    private static bool TryReadNumbers(ref BencodeReader reader, out int metadataId)
    {
        metadataId = 0;
        reader.TryEnterDictionary();
        while (reader.TryReadKey(out var name))
        {
            if (reader.Peek() != BencodeType.Integer)
            {
                if (!reader.TrySkip()) return false;
                continue;
            }

            if (!reader.TryReadInteger(out var number)) return false;
            if (name.SequenceEqual("ut_metadata"u8) && number is >= 0 and <= byte.MaxValue) metadataId = (int)number;
        }

        return reader.TryLeave();
    }

    private static void WritePair(BencodeWriter writer, ReadOnlySpan<byte> key, long value)
    {
        writer.WriteString(key);
        writer.WriteInteger(value);
    }
}
