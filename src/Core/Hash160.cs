using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Shoal.Core;

/// <summary>20 bytes: a point in the DHT's key space, with its XOR metric (BEP 5), and the form in which the handshake names a swarm.</summary>
public readonly record struct Hash160 : IComparable<Hash160>
{
    public const int Length = 20;
    public const int Bits = Length * 8;

    private readonly ulong _a, _b;
    private readonly uint _c;

    /// <param name="bytes">Exactly 20 bytes.</param>
    public Hash160(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Length);
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    private Hash160(ulong a, ulong b, uint c) => (_a, _b, _c) = (a, b, c);

    /// <summary>The distance between the two, as a number that compares (BEP 5).</summary>
    public static Hash160 operator ^(Hash160 left, Hash160 right) => new(left._a ^ right._a, left._b ^ right._b, left._c ^ right._c);

    /// <summary>How many leading bits are zero, 0 to 160. Of a distance: the length of the shared prefix.</summary>
    public int LeadingZeros =>
        _a != 0 ? BitOperations.LeadingZeroCount(_a)
        : _b != 0 ? 64 + BitOperations.LeadingZeroCount(_b)
        : 128 + BitOperations.LeadingZeroCount(_c);

    /// <summary>Where it lies in the key space, from 0 to 1; of a distance: which share of all keys is closer.</summary>
    public double Fraction => _a / 18446744073709551616.0;

    /// <summary>The same with one bit turned; bit 0 is the first.</summary>
    public Hash160 Flip(int bit) => this ^ (bit < 64 ? new Hash160(1ul << (63 - bit), 0, 0) : bit < 128 ? new Hash160(0, 1ul << (127 - bit), 0) : new Hash160(0, 0, 1u << (159 - bit)));

    /// <summary>The lowest and the highest of those that share so many leading bits with it, 0 to 64.</summary>
    public (Hash160 Lowest, Hash160 Highest) Region(int bits)
    {
        var free = bits == 0 ? ulong.MaxValue : bits == 64 ? 0 : ulong.MaxValue >> bits;
        return (new Hash160(_a & ~free, 0, 0), new Hash160(_a | free, ulong.MaxValue, uint.MaxValue));
    }

    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _c);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    public static Hash160 Random(Random random)
    {
        Span<byte> bytes = stackalloc byte[Length];
        random.NextBytes(bytes);
        return new Hash160(bytes);
    }

    public static bool TryParse([NotNullWhen(true)] string? hex, out Hash160 value)
    {
        Span<byte> bytes = stackalloc byte[Length];
        if (!Hex.TryDecode(hex, bytes))
        {
            value = default;
            return false;
        }

        value = new Hash160(bytes);
        return true;
    }

    public int CompareTo(Hash160 other)
    {
        var order = _a.CompareTo(other._a);
        if (order == 0) order = _b.CompareTo(other._b);
        return order == 0 ? _c.CompareTo(other._c) : order;
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    public static bool operator <(Hash160 left, Hash160 right) => left.CompareTo(right) < 0;

    public static bool operator <=(Hash160 left, Hash160 right) => left.CompareTo(right) <= 0;

    public static bool operator >(Hash160 left, Hash160 right) => left.CompareTo(right) > 0;

    public static bool operator >=(Hash160 left, Hash160 right) => left.CompareTo(right) >= 0;
}
