using System.Buffers.Binary;
using System.Numerics;
using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// SipHash-2-4 under a secret key (Aumasson, Bernstein 2012): nobody without the key can foretell a hash, or find two inputs that share one.
/// For tokens, and for tables that strangers fill.
/// </summary>
internal readonly struct KeyedHash
{
    public const int KeyLength = 16;

    private readonly ulong _key0, _key1;

    /// <param name="key">Exactly <see cref="KeyLength"/> bytes.</param>
    public KeyedHash(ReadOnlySpan<byte> key) =>
        (_key0, _key1) = (BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[sizeof(ulong)..]));

    public static KeyedHash Create(Random random)
    {
        Span<byte> key = stackalloc byte[KeyLength];
        random.NextBytes(key);
        return new KeyedHash(key);
    }

    public ulong Of(ReadOnlySpan<byte> data)
    {
        var (v0, v1) = (_key0 ^ 0x736f6d6570736575, _key1 ^ 0x646f72616e646f6d);
        var (v2, v3) = (_key0 ^ 0x6c7967656e657261, _key1 ^ 0x7465646279746573);
        var last = (ulong)data.Length << 56;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(data);
            v3 ^= word;
            Round(ref v0, ref v1, ref v2, ref v3);
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= word;
        }

        for (var i = 0; i < data.Length; i++) last |= (ulong)data[i] << (8 * i);
        v3 ^= last;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= last;
        v2 ^= 0xff;
        for (var i = 0; i < 4; i++) Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    public ulong Of(NetEndPoint endPoint)
    {
        Span<byte> compact = stackalloc byte[NetEndPoint.CompactLengthV6];
        endPoint.WriteCompact(compact);
        return Of(compact[..endPoint.CompactLength]);
    }

    public ulong Of(Hash160 key)
    {
        Span<byte> bytes = stackalloc byte[Hash160.Length];
        key.CopyTo(bytes);
        return Of(bytes);
    }

    /// <summary>A place in a table of so many.</summary>
    public int Slot(NetEndPoint endPoint, int slots) => (int)Math.BigMul(Of(endPoint), (ulong)slots, out _);

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v2 += v3;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}

/// <summary>Compares keys that strangers choose, so that they cannot choose many that fall together.</summary>
internal sealed class KeyedComparer(KeyedHash hash) : IEqualityComparer<Hash160>
{
    public bool Equals(Hash160 x, Hash160 y) => x == y;

    public int GetHashCode(Hash160 obj) => (int)hash.Of(obj);
}
