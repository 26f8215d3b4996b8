using System.Buffers.Text;

namespace Shoal.Core.Bencode;

/// <summary>
/// Reads bencoded values one after the other, forward only, over bytes that may come from anybody (BEP 3). Total: every method answers false
/// for what it cannot read, and then the reader's position means nothing. Keys may come in any order, as in messages of many clients;
/// what must be canonical is checked first, by <see cref="BencodeValidator"/>.
/// </summary>
public ref struct BencodeReader(ReadOnlySpan<byte> data)
{
    /// <summary>How deep values may nest; what is skipped costs this many steps of state, not of stack.</summary>
    public const int MaxDepth = 256;

    private readonly ReadOnlySpan<byte> _data = data;

    public int Position { get; private set; }

    public readonly bool AtEnd => Position >= _data.Length;

    public readonly BencodeType Peek() => AtEnd ? BencodeType.None : _data[Position] switch
    {
        (byte)'i' => BencodeType.Integer,
        (byte)'l' => BencodeType.List,
        (byte)'d' => BencodeType.Dictionary,
        (byte)'e' => BencodeType.End,
        >= (byte)'0' and <= (byte)'9' => BencodeType.String,
        _ => BencodeType.None,
    };

    /// <summary>Reads an integer that fits 64 bits and has no leading zero.</summary>
    public bool TryReadInteger(out long value)
    {
        value = 0;
        if (Peek() != BencodeType.Integer) return false;

        var digits = _data[(Position + 1)..];
        if (!Utf8Parser.TryParse(digits, out value, out var used) || used >= digits.Length || digits[used] != 'e') return false;

        digits = digits[..used];
        if (digits[0] == '+') return false;

        var magnitude = digits[0] == '-' ? digits[1..] : digits;
        if (magnitude[0] == '0' && (magnitude.Length > 1 || digits.Length > 1)) return false;

        Position += used + 2;
        return true;
    }

    public bool TryReadString(out ReadOnlySpan<byte> value)
    {
        value = default;
        if (Peek() != BencodeType.String) return false;

        var rest = _data[Position..];
        if (!Utf8Parser.TryParse(rest, out int length, out var used) || length < 0) return false;
        if (rest[0] == '0' && used > 1) return false;
        if (used >= rest.Length || rest[used] != ':' || length > rest.Length - used - 1) return false;

        value = rest.Slice(used + 1, length);
        Position += used + 1 + length;
        return true;
    }

    public bool TryEnterList() => TryTake(BencodeType.List);

    public bool TryEnterDictionary() => TryTake(BencodeType.Dictionary);

    /// <summary>Leaves a list or dictionary at its end.</summary>
    public bool TryLeave() => TryTake(BencodeType.End);

    /// <summary>Reads the next key of the dictionary entered last; false at its end, where <see cref="TryLeave"/> succeeds, or if it is malformed, where that fails.</summary>
    public bool TryReadKey(out ReadOnlySpan<byte> key) => TryReadString(out key);

    /// <summary>Passes over one value of any kind.</summary>
    public bool TrySkip()
    {
        var depth = 0;
        do
        {
            switch (Peek())
            {
                case BencodeType.Integer:
                    if (!TryReadInteger(out _)) return false;
                    break;
                case BencodeType.String:
                    if (!TryReadString(out _)) return false;
                    break;
                case BencodeType.List or BencodeType.Dictionary:
                    if (++depth > MaxDepth) return false;
                    Position++;
                    break;
                case BencodeType.End:
                    if (--depth < 0) return false;
                    Position++;
                    break;
                default:
                    return false;
            }
        }
        while (depth > 0);

        return true;
    }

    /// <summary>Passes over one value and gives its bytes.</summary>
    public bool TryReadRaw(out ReadOnlySpan<byte> value)
    {
        var start = Position;
        var read = TrySkip();
        value = read ? _data[start..Position] : default;
        return read;
    }

    private bool TryTake(BencodeType type)
    {
        if (Peek() != type) return false;

        Position++;
        return true;
    }
}
