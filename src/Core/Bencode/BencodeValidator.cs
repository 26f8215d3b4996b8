namespace Shoal.Core.Bencode;

/// <summary>
/// Tells whether bytes are one canonical bencoded value: integers and lengths without leading zeros, keys strings in strictly rising order,
/// bounded depth (BEP 3, BEP 52). Only then does decoding and encoding again give the same bytes, and a hash over them mean one thing.
/// </summary>
public static class BencodeValidator
{
    /// <param name="data">The value, and whatever follows it.</param>
    /// <param name="length">The value's length in bytes.</param>
    /// <param name="anyOrder">Whether keys may stand in any order, as in torrents of v1 that some programs made.</param>
    public static bool TryMeasure(ReadOnlySpan<byte> data, out int length, bool anyOrder = false)
    {
        length = 0;
        var reader = new BencodeReader(data);
        Span<bool> inDictionary = stackalloc bool[BencodeReader.MaxDepth + 1];
        Span<(int Start, int Length)> lastKey = stackalloc (int, int)[BencodeReader.MaxDepth + 1];
        var depth = 0;
        do
        {
            var type = reader.Peek();
            if (type != BencodeType.End && inDictionary[depth])
            {
                if (!reader.TryReadKey(out var key)) return false;

                var (start, size) = lastKey[depth];
                if (!anyOrder && start > 0 && data.Slice(start, size).SequenceCompareTo(key) >= 0) return false;

                lastKey[depth] = (reader.Position - key.Length, key.Length);
                type = reader.Peek();
                if (type == BencodeType.End) return false;
            }

            switch (type)
            {
                case BencodeType.Integer:
                    if (!reader.TryReadInteger(out _)) return false;
                    break;
                case BencodeType.String:
                    if (!reader.TryReadString(out _)) return false;
                    break;
                case BencodeType.List or BencodeType.Dictionary:
                    if (++depth > BencodeReader.MaxDepth) return false;

                    inDictionary[depth] = type == BencodeType.Dictionary;
                    lastKey[depth] = default;
                    _ = type == BencodeType.List ? reader.TryEnterList() : reader.TryEnterDictionary();
                    break;
                case BencodeType.End when depth > 0:
                    depth--;
                    reader.TryLeave();
                    break;
                default:
                    return false;
            }
        }
        while (depth > 0);

        length = reader.Position;
        return true;
    }
}
