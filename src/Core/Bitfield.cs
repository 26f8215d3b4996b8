using System.Buffers.Binary;
using System.Numerics;

namespace Shoal.Core;

/// <summary>Which pieces somebody has: a fixed number of bits, in memory by word, on the wire from the high bit of the first byte (BEP 3).</summary>
public sealed class Bitfield
{
    private readonly ulong[] _words;

    public Bitfield(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _words = new ulong[(length + 63) / 64];
    }

    public Bitfield(Bitfield other)
    {
        (Length, Count) = (other.Length, other.Count);
        _words = (ulong[])other._words.Clone();
    }

    public int Length { get; }

    /// <summary>How many bits are set.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count == Length;

    public bool IsEmpty => Count == 0;

    public int ByteLength => (Length + 7) / 8;

    public bool this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length);
            return (_words[index >> 6] & Mask(index)) != 0;
        }
    }

    /// <returns>Whether it was clear before.</returns>
    public bool Set(int index)
    {
        if (this[index]) return false;

        _words[index >> 6] |= Mask(index);
        Count++;
        return true;
    }

    /// <returns>Whether it was set before.</returns>
    public bool Clear(int index)
    {
        if (!this[index]) return false;

        _words[index >> 6] &= ~Mask(index);
        Count--;
        return true;
    }

    public void SetAll()
    {
        Array.Fill(_words, ulong.MaxValue);
        if ((Length & 63) != 0) _words[^1] = ulong.MaxValue << (64 - (Length & 63));
        Count = Length;
    }

    public void ClearAll()
    {
        Array.Clear(_words);
        Count = 0;
    }

    /// <summary>The first set bit at or after <paramref name="from"/>, or -1.</summary>
    public int NextSet(int from)
    {
        if (from >= Length) return -1;

        var word = _words[from >> 6] & (ulong.MaxValue >> (from & 63));
        for (var i = from >> 6; ; word = _words[i])
        {
            if (word != 0) return (i << 6) + BitOperations.LeadingZeroCount(word);
            if (++i == _words.Length) return -1;
        }
    }

    /// <summary>The first clear bit at or after <paramref name="from"/>, or -1.</summary>
    public int NextClear(int from)
    {
        if (from >= Length) return -1;

        var word = ~_words[from >> 6] & (ulong.MaxValue >> (from & 63));
        for (var i = from >> 6; ; word = ~_words[i])
        {
            if (word != 0)
            {
                var index = (i << 6) + BitOperations.LeadingZeroCount(word);
                return index < Length ? index : -1;
            }

            if (++i == _words.Length) return -1;
        }
    }

    /// <summary>Whether <paramref name="other"/> has a bit that this one lacks.</summary>
    public bool Lacks(Bitfield other)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(other.Length, Length);
        for (var i = 0; i < _words.Length; i++)
        {
            if ((other._words[i] & ~_words[i]) != 0) return true;
        }

        return false;
    }

    /// <summary>Whether <paramref name="other"/> has a bit that this one lacks, among those of <paramref name="wanted"/>.</summary>
    public bool Lacks(Bitfield other, Bitfield wanted)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(other.Length, Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(wanted.Length, Length);
        for (var i = 0; i < _words.Length; i++)
        {
            if ((other._words[i] & wanted._words[i] & ~_words[i]) != 0) return true;
        }

        return false;
    }

    /// <summary>Reads the wire form; false if its size is wrong or a spare bit is set (BEP 3).</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, int length, out Bitfield bitfield)
    {
        bitfield = new Bitfield(length);
        if (bytes.Length != bitfield.ByteLength) return false;

        Span<byte> word = stackalloc byte[8];
        for (var i = 0; i < bitfield._words.Length; i++)
        {
            var rest = bytes[(i * 8)..];
            word.Clear();
            rest[..Math.Min(8, rest.Length)].CopyTo(word);
            bitfield._words[i] = BinaryPrimitives.ReadUInt64BigEndian(word);
            bitfield.Count += BitOperations.PopCount(bitfield._words[i]);
        }

        return (length & 63) == 0 || bitfield._words[^1] << (length & 63) == 0;
    }

    /// <param name="destination">At least <see cref="ByteLength"/> bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[8];
        for (var i = 0; i < _words.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(word, _words[i]);
            var rest = destination[(i * 8)..ByteLength];
            word[..Math.Min(8, rest.Length)].CopyTo(rest);
        }
    }

    public byte[] ToArray()
    {
        var bytes = new byte[ByteLength];
        CopyTo(bytes);
        return bytes;
    }

    private static ulong Mask(int index) => 1UL << (63 - (index & 63));
}
