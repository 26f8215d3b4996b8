using System.Globalization;
using System.Text;
using Shoal.Core.Bencode;
using Shoal.Fuzz.Mutation;

namespace Shoal.Fuzz.Targets;

/// <summary>Puts into a message what its sender could know and a mutation cannot guess: a transaction ID, a token, an ID.</summary>
internal static class Patch
{
    /// <summary>Replaces a string of the outer dictionary, or of one within it; a message that has none stays as it is.</summary>
    public static byte[] String(byte[] message, string key, ReadOnlySpan<byte> with)
    {
        var reader = new BencodeReader(message);
        return reader.TryEnterDictionary() && TryFind(ref reader, key, out var start, out var length) ? Replace(message, start, length, with) : message;
    }

    public static byte[] StringIn(byte[] message, string dictionary, string key, ReadOnlySpan<byte> with)
    {
        var reader = new BencodeReader(message);
        if (!reader.TryEnterDictionary() || !TryFind(ref reader, dictionary, out var inner, out _)) return message;

        reader = new BencodeReader(message.AsSpan(inner));
        return reader.TryEnterDictionary() && TryFind(ref reader, key, out var start, out var length) ? Replace(message, inner + start, length, with) : message;
    }

    private static bool TryFind(ref BencodeReader reader, string key, out int start, out int length)
    {
        (start, length) = (0, 0);
        while (reader.TryReadKey(out var read))
        {
            start = reader.Position;
            var isIt = read.Length == key.Length && Encoding.Latin1.GetString(read) == key;
            if (!reader.TrySkip()) return false;
            if (!isIt) continue;

            length = reader.Position - start;
            return true;
        }

        return false;
    }

    private static byte[] Replace(byte[] message, int start, int length, ReadOnlySpan<byte> with) =>
        Edit.Replace(message, start, length, [.. Encoding.ASCII.GetBytes(with.Length.ToString(CultureInfo.InvariantCulture)), (byte)':', .. with]);
}
