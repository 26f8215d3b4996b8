using System.Buffers.Binary;
using System.Numerics;
using Shoal.Core;

namespace Shoal.Dht.Routing;

/// <summary>Node IDs bound to addresses, so that nobody chooses where in the key space they stand (BEP 42). Only global addresses are bound.</summary>
internal static class NodeIdRule
{
    private const int BoundBits = 21;
    private const int RandomMask = 7;
    private const uint MaskV4 = 0x030f3fff;
    private const ulong MaskV6 = 0x0103070f1f3f7fff;

    /// <summary>Whether a contact may have the ID it says.</summary>
    public static bool Accepts(NodeId id, NetEndPoint endPoint)
    {
        if (endPoint.Scope != NetworkScope.Global) return true;

        Span<byte> bytes = stackalloc byte[Hash160.Length];
        id.Value.CopyTo(bytes);
        return (BinaryPrimitives.ReadUInt32BigEndian(bytes) ^ Prefix(endPoint, bytes[^1])) >> (32 - BoundBits) == 0;
    }

    /// <summary>An ID that a node at this address may have; any at all if the address is not global.</summary>
    public static NodeId Create(NetEndPoint external, Random random)
    {
        Span<byte> bytes = stackalloc byte[Hash160.Length];
        random.NextBytes(bytes);
        if (external.Scope == NetworkScope.Global)
        {
            const uint FreeMask = uint.MaxValue >> BoundBits;
            var prefix = Prefix(external, bytes[^1]) & ~FreeMask;
            BinaryPrimitives.WriteUInt32BigEndian(bytes, prefix | (BinaryPrimitives.ReadUInt32BigEndian(bytes) & FreeMask));
        }

        return new NodeId(new Hash160(bytes));
    }

    /// <summary>What the ID of this address begins with; of IPv6 only the first half counts.</summary>
    private static uint Prefix(NetEndPoint endPoint, byte random)
    {
        Span<byte> compact = stackalloc byte[NetEndPoint.CompactLengthV6];
        endPoint.WriteCompact(compact);
        var choice = (uint)random & RandomMask;
        if (!endPoint.IsV6)
        {
            var masked = (BinaryPrimitives.ReadUInt32BigEndian(compact) & MaskV4) | (choice << 29);
            return ~BitOperations.Crc32C(uint.MaxValue, BinaryPrimitives.ReverseEndianness(masked));
        }

        var maskedV6 = (BinaryPrimitives.ReadUInt64BigEndian(compact) & MaskV6) | ((ulong)choice << 61);
        return ~BitOperations.Crc32C(uint.MaxValue, BinaryPrimitives.ReverseEndianness(maskedV6));
    }
}
