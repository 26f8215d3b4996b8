using System.Buffers.Binary;
using System.Numerics;
using Shoal.Core;

namespace Shoal.Engine.Peers;

/// <summary>How welcome a peer is where connections are full: both ends of a connection come to the same number, and nobody can choose it (BEP 40).</summary>
internal static class PeerPriority
{
    /// <param name="one">Of either end, the address at which the other sees it.</param>
    public static uint Of(NetEndPoint one, NetEndPoint other)
    {
        Span<byte> bytes = stackalloc byte[2 * NetEndPoint.AddressLengthV6];
        if (one.IsV6 != other.IsV6) return 0;
        if (one.SameAddress(other))
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)Math.Min(one.Port, other.Port));
            BinaryPrimitives.WriteUInt16BigEndian(bytes[sizeof(ushort)..], (ushort)Math.Max(one.Port, other.Port));
            return Crc32C(bytes[..(2 * sizeof(ushort))]);
        }

        var length = one.IsV6 ? NetEndPoint.AddressLengthV6 : NetEndPoint.AddressLengthV4;
        var sorted = bytes[..(2 * length)];
        var first = sorted[..length];
        var second = sorted[length..];
        one.WriteAddress(first);
        other.WriteAddress(second);
        var exact = Math.Max(one.IsV6 ? 6 : 2, first.CommonPrefixLength(second) + 1); // bytes that count in full: a /48 or /16, or what tells the two apart
        for (var i = exact; i < length; i++)
        {
            first[i] &= 0x55;
            second[i] &= 0x55;
        }

        if (first.SequenceCompareTo(second) > 0)
        {
            for (var i = 0; i < length; i++) (first[i], second[i]) = (second[i], first[i]);
        }

        return Crc32C(sorted);
    }

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
