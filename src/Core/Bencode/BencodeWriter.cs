using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Shoal.Core.Bencode;

/// <summary>Writes bencoded values (BEP 3). Whoever calls keeps dictionary keys in rising order.</summary>
public sealed class BencodeWriter(IBufferWriter<byte> output)
{
    private const int MaxIntegerDigits = 20;

    public void BeginDictionary() => Put((byte)'d');

    public void BeginList() => Put((byte)'l');

    public void End() => Put((byte)'e');

    public void WriteInteger(long value)
    {
        var span = output.GetSpan(MaxIntegerDigits + 2);
        span[0] = (byte)'i';
        Utf8Formatter.TryFormat(value, span[1..], out var written);
        span[written + 1] = (byte)'e';
        output.Advance(written + 2);
    }

    public void WriteString(ReadOnlySpan<byte> value)
    {
        WriteStringLength(value.Length);
        output.Write(value);
    }

    public void WriteString(string value) => WriteString(Encoding.UTF8.GetBytes(value));

    public void WriteString(Hash160 value)
    {
        Span<byte> bytes = stackalloc byte[Hash160.Length];
        value.CopyTo(bytes);
        WriteString(bytes);
    }

    public void WriteString(Hash256 value)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Length];
        value.CopyTo(bytes);
        WriteString(bytes);
    }

    /// <summary>Writes a value that is bencoded already.</summary>
    public void WriteRaw(ReadOnlySpan<byte> encoded) => output.Write(encoded);

    private void WriteStringLength(int length)
    {
        var span = output.GetSpan(MaxIntegerDigits + 1);
        Utf8Formatter.TryFormat(length, span, out var written);
        span[written] = (byte)':';
        output.Advance(written + 1);
    }

    private void Put(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }
}
