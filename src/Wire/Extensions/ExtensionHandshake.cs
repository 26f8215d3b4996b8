using System.Buffers;
using System.Text;
using Shoal.Core;
using Shoal.Core.Bencode;

namespace Shoal.Wire.Extensions;

/// <summary>The extension handshake (BEP 10): which extensions a side takes and under which numbers, and what it is. A number of 0 is for not at all.</summary>
public sealed record ExtensionHandshake
{
    /// <summary>No longer one is read.</summary>
    public const int MaxLength = 16 * 1024;

    private const int MaxClientLength = 64;

    /// <summary>The number under which the side takes <c>ut_metadata</c> (BEP 9).</summary>
    public int MetadataId { get; init; }

    /// <summary>The number under which the side takes <c>ut_pex</c> (BEP 11).</summary>
    public int PexId { get; init; }

    /// <summary>The number under which the side takes <c>lt_donthave</c> (BEP 54).</summary>
    public int DontHaveId { get; init; }

    /// <summary>The number under which the side takes <c>upload_only</c>, libtorrent's message for what BEP 21 says in the handshake.</summary>
    public int UploadOnlyId { get; init; }

    /// <summary>Whether the side wants nothing (BEP 21).</summary>
    public bool UploadOnly { get; init; }

    /// <summary>Whether the side would rather be connected to in encrypted form (BEP 11 hands it on).</summary>
    public bool PrefersEncryption { get; init; }

    /// <summary>The address, port 0, at which the side sees the receiver (BEP 10, <c>yourip</c>; BEP 24).</summary>
    public NetEndPoint? YourAddress { get; init; }

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
        if (PrefersEncryption) WritePair(writer, "e"u8, 1);
        writer.WriteString("m"u8);
        writer.BeginDictionary();
        if (DontHaveId != 0) WritePair(writer, "lt_donthave"u8, DontHaveId);
        if (UploadOnlyId != 0) WritePair(writer, "upload_only"u8, UploadOnlyId);
        if (MetadataId != 0) WritePair(writer, "ut_metadata"u8, MetadataId);
        if (PexId != 0) WritePair(writer, "ut_pex"u8, PexId);
        writer.End();
        if (MetadataSize != 0) WritePair(writer, "metadata_size"u8, MetadataSize);
        if (ListenPort != 0) WritePair(writer, "p"u8, ListenPort);
        if (RequestQueue != 0) WritePair(writer, "reqq"u8, RequestQueue);
        if (UploadOnly) WritePair(writer, "upload_only"u8, 1);
        if (Client is not null)
        {
            writer.WriteString("v"u8);
            writer.WriteString(Client);
        }

        if (YourAddress is { } theirs) WriteAddress(writer, theirs);
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
                if (!TryReadNumbers(ref reader, ref handshake)) return false;
            }
            else if (reader.Peek() == BencodeType.Integer)
            {
                if (!reader.TryReadInteger(out var value)) return false;
                if (key.SequenceEqual("metadata_size"u8)) handshake = handshake with { MetadataSize = Math.Max(0, value) };
                else if (key.SequenceEqual("p"u8) && value is > 0 and <= ushort.MaxValue) handshake = handshake with { ListenPort = (int)value };
                else if (key.SequenceEqual("reqq"u8)) handshake = handshake with { RequestQueue = (int)Math.Clamp(value, 0, int.MaxValue) };
                else if (key.SequenceEqual("upload_only"u8)) handshake = handshake with { UploadOnly = value != 0 };
                else if (key.SequenceEqual("e"u8)) handshake = handshake with { PrefersEncryption = value != 0 };
            }
            else if (key.SequenceEqual("v"u8) && reader.Peek() == BencodeType.String)
            {
                if (!reader.TryReadString(out var client)) return false;
                handshake = handshake with { Client = ClientName.Clean(Encoding.UTF8.GetString(client[..Math.Min(client.Length, MaxClientLength)])) };
            }
            else if (key.SequenceEqual("yourip"u8) && reader.Peek() == BencodeType.String)
            {
                if (!reader.TryReadString(out var address)) return false;
                if (address.Length is NetEndPoint.AddressLengthV4 or NetEndPoint.AddressLengthV6) handshake = handshake with { YourAddress = new NetEndPoint(address, 0) };
            }
            else if (!reader.TrySkip())
            {
                return false;
            }
        }

        return reader.TryLeave();
    }

    private static bool TryReadNumbers(ref BencodeReader reader, ref ExtensionHandshake handshake)
    {
        reader.TryEnterDictionary();
        while (reader.TryReadKey(out var name))
        {
            if (reader.Peek() != BencodeType.Integer)
            {
                if (!reader.TrySkip()) return false;
                continue;
            }

            if (!reader.TryReadInteger(out var number)) return false;
            if (number is < 0 or > byte.MaxValue) continue;

            if (name.SequenceEqual("ut_metadata"u8)) handshake = handshake with { MetadataId = (int)number };
            else if (name.SequenceEqual("ut_pex"u8)) handshake = handshake with { PexId = (int)number };
            else if (name.SequenceEqual("lt_donthave"u8)) handshake = handshake with { DontHaveId = (int)number };
            else if (name.SequenceEqual("upload_only"u8)) handshake = handshake with { UploadOnlyId = (int)number };
        }

        return reader.TryLeave();
    }

    private static void WriteAddress(BencodeWriter writer, NetEndPoint endPoint)
    {
        Span<byte> address = stackalloc byte[NetEndPoint.AddressLengthV6];
        endPoint.WriteAddress(address);
        writer.WriteString("yourip"u8);
        writer.WriteString(address[..(endPoint.IsV6 ? NetEndPoint.AddressLengthV6 : NetEndPoint.AddressLengthV4)]);
    }

    private static void WritePair(BencodeWriter writer, ReadOnlySpan<byte> key, long value)
    {
        writer.WriteString(key);
        writer.WriteInteger(value);
    }
}
