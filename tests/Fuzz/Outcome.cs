using System.Numerics;
using Shoal.Core.Bencode;

namespace Shoal.Fuzz;

/// <summary>Gathers how the code under test behaved into one hash (FNV-1a by 64 bits, mixed at the end).</summary>
internal struct Outcome
{
    private ulong _hash = 14695981039346656037;

    public Outcome()
    {
    }

    public readonly ulong Hash => (_hash ^ (_hash >> 29)) * 0x9E3779B97F4A7C15;

    public void Add(long value) => _hash = (_hash ^ (ulong)value) * 1099511628211;

    public void Add(bool value) => Add(value ? 1 : 0);

    /// <summary>Only its order of magnitude: 0, 1, 2–3, 4–7 and so on.</summary>
    public void AddSize(long value) => Add(64 - BitOperations.LeadingZeroCount((ulong)value));

    /// <summary>Keys and types of the first few values, and no other contents.</summary>
    public void AddShape(ReadOnlySpan<byte> bencoded, int values)
    {
        const int MaxDepth = 8;
        Span<bool> isDictionary = stackalloc bool[MaxDepth];
        Span<bool> isKeyDue = stackalloc bool[MaxDepth];
        var depth = 0;
        var reader = new BencodeReader(bencoded);
        while (!reader.AtEnd && values-- > 0 && depth < MaxDepth)
        {
            var type = reader.Peek();
            Add((int)type);
            if (type == BencodeType.End)
            {
                if (--depth < 0 || !reader.TryLeave()) return;
                continue;
            }

            var isKey = isDictionary[depth] && isKeyDue[depth];
            isKeyDue[depth] = !isKey;
            if (isKey && reader.TryReadKey(out var key))
                foreach (var letter in key[..Math.Min(key.Length, 20)]) Add(letter);
            else if (type is BencodeType.List or BencodeType.Dictionary && ++depth < MaxDepth)
            {
                isDictionary[depth] = isKeyDue[depth] = type == BencodeType.Dictionary;
                _ = reader.TryEnterList() || reader.TryEnterDictionary();
            }
            else if (!reader.TrySkip()) return;
        }
    }
}
