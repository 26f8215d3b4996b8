using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Shoal.Wire.Encryption;

/// <summary>
/// One direction of an RC4 stream. Broken as a cipher, and kept for what MSE uses it for: a stream that cannot be told from random bytes at a glance. The framework has none.
/// </summary>
public sealed class Rc4
{
    private readonly byte[] _table = new byte[256];
    private int _i;
    private int _j;

    /// <param name="key">1 to 256 bytes.</param>
    public Rc4(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfZero(key.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, 256);
        for (var i = 0; i < 256; i++) _table[i] = (byte)i;
        for (int i = 0, j = 0; i < 256; i++)
        {
            j = (j + _table[i] + key[i % key.Length]) & 255;
            (_table[i], _table[j]) = (_table[j], _table[i]);
        }
    }

    /// <summary>Passes over so many bytes of the key stream.</summary>
    public void Skip(int count)
    {
        Span<byte> unused = stackalloc byte[256];
        for (; count > 0; count -= unused.Length) Apply(unused[..Math.Min(count, unused.Length)]);
    }

    /// <summary>Encrypts or decrypts in place; both are the same.</summary>
    public void Apply(Span<byte> bytes) => Apply(bytes, bytes);

    /// <summary>Encrypts or decrypts what lies in <paramref name="source"/> into the front of <paramref name="destination"/>, which may be the same memory, and is at least as long.</summary>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        destination = destination[..source.Length];
        ref var table = ref MemoryMarshal.GetArrayDataReference(_table); // indices are masked to its 256 bytes
        int i = _i, j = _j, at = 0;
        for (; at <= source.Length - sizeof(ulong); at += sizeof(ulong))
        {
            ulong key = 0;
            for (var shift = 0; shift < 64; shift += 8) key |= (ulong)Next(ref table, ref i, ref j) << shift;
            BinaryPrimitives.WriteUInt64LittleEndian(destination[at..], BinaryPrimitives.ReadUInt64LittleEndian(source[at..]) ^ key);
        }

        for (; at < source.Length; at++) destination[at] = (byte)(source[at] ^ Next(ref table, ref i, ref j));
        (_i, _j) = (i, j);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Next(ref byte table, ref int i, ref int j)
    {
        i = (i + 1) & 255;
        int one = Unsafe.Add(ref table, i);
        j = (j + one) & 255;
        int other = Unsafe.Add(ref table, j);
        Unsafe.Add(ref table, i) = (byte)other;
        Unsafe.Add(ref table, j) = (byte)one;
        return Unsafe.Add(ref table, (one + other) & 255);
    }
}
