using System.Buffers;
using Shoal.Core.Bencode;

namespace Shoal.Fuzz.Targets;

/// <summary>Reader, validator and writer agree: what is read writes back to the same bytes, and the validator takes a part of what the reader takes.</summary>
internal sealed class BencodeSubject : ISubject
{
    private readonly ArrayBufferWriter<byte> _written = new();

    public ulong Run(ReadOnlySpan<byte> input)
    {
        const int MaxAllocated = 4096;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isCanonical = BencodeValidator.TryMeasure(input, out var measured);
        var reader = new BencodeReader(input);
        var isRead = reader.TryReadRaw(out var raw);
        Violation.UnlessAllocatedWithin(MaxAllocated, before);

        var outcome = new Outcome();
        outcome.Add(isCanonical);
        outcome.Add(isRead);
        outcome.AddSize(reader.Position);
        Violation.Unless(isRead || !isCanonical, "the validator takes what the reader refuses");
        if (!isRead) return outcome.Hash;

        Violation.Unless(raw.Length == reader.Position && raw.Length > 0, "a value of a wrong length");
        Violation.Unless(!isCanonical || measured == raw.Length, "reader and validator differ in length");
        Violation.Unless(!isCanonical || (BencodeValidator.TryMeasure(raw, out var again) && again == raw.Length), "canonical only for what follows it");
        Violation.Unless(Rewrite(raw).SequenceEqual(raw), "written it differs from what was read");
        foreach (var b in raw[..Math.Min(raw.Length, 4)]) outcome.Add(char.IsAsciiDigit((char)b) ? '0' : b);
        return outcome.Hash;
    }

    private ReadOnlySpan<byte> Rewrite(ReadOnlySpan<byte> raw)
    {
        _written.ResetWrittenCount();
        var writer = new BencodeWriter(_written);
        var reader = new BencodeReader(raw);
        var depth = 0;
        while (!reader.AtEnd)
        {
            if (reader.Peek() == BencodeType.Integer && reader.TryReadInteger(out var number)) writer.WriteInteger(number);
            else if (reader.Peek() == BencodeType.String && reader.TryReadString(out var text)) writer.WriteString(text);
            else if (reader.TryLeave())
            {
                depth--;
                writer.End();
            }
            else
            {
                Violation.Unless(++depth <= BencodeReader.MaxDepth, "nests too deep");
                if (reader.TryEnterList()) writer.BeginList();
                else if (reader.TryEnterDictionary()) writer.BeginDictionary();
                else throw new Violation("a value that was skipped cannot be read");
            }
        }

        return _written.WrittenSpan;
    }
}
