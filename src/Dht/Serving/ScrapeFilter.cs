using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// A set of IP addresses that can be united with others and counted, not listed: a Bloom filter of 2048 bits with two bits to an address (BEP 33).
/// Beyond some 6000 addresses it tells nothing more.
/// </summary>
public sealed class ScrapeFilter
{
    public const int Length = 256; // BEP 33

    private const int Bits = Length * 8;

    private readonly byte[] _bits = new byte[Length];

    public ScrapeFilter()
    {
    }

    /// <param name="bytes">Exactly 256, as somebody sent them.</param>
    public ScrapeFilter(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Length);
        bytes.CopyTo(_bits);
    }

    public ReadOnlySpan<byte> Bytes => _bits;

    /// <summary>How many addresses it holds, about.</summary>
    public double Estimate
    {
        get
        {
            var zeros = Bits;
            foreach (var word in MemoryMarshal.Cast<byte, ulong>(_bits)) zeros -= BitOperations.PopCount(word);

            var counted = Math.Clamp(zeros, 1, Bits - 1); // a full filter has no logarithm
            return zeros == Bits ? 0 : Math.Log(counted / (double)Bits) / (2 * Math.Log(1 - 1.0 / Bits));
        }
    }

    /// <summary>The port does not count.</summary>
    public void Add(NetEndPoint address) => Set(_bits, Places(address));

    public void Union(ScrapeFilter other) => Union(other.Bytes);

    /// <param name="bytes">Exactly 256, as somebody sent them.</param>
    public void Union(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Length);
        for (var i = 0; i < Length; i++) _bits[i] |= bytes[i];
    }

    public void Clear() => Array.Clear(_bits);

    /// <summary>The two bits of an address, as one number that can be kept with it.</summary>
    internal static uint Places(NetEndPoint address)
    {
        Span<byte> compact = stackalloc byte[NetEndPoint.CompactLengthV6];
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        address.WriteCompact(compact);
        SHA1.HashData(compact[..(address.CompactLength - sizeof(ushort))], hash);
        return BinaryPrimitives.ReadUInt32LittleEndian(hash);
    }

    internal static void Set(Span<byte> filter, uint places)
    {
        Set(filter, (int)(places % Bits));
        Set(filter, (int)((places >> 16) % Bits));
    }

    private static void Set(Span<byte> filter, int bit) => filter[bit / 8] |= (byte)(1 << (bit % 8));
}
