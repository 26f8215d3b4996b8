using System.Buffers.Binary;
using Shoal.Core;

namespace Shoal.Wire;

/// <summary>The fixed opening of a connection: reserved bits, the swarm's key, the peer's name (BEP 3).</summary>
/// <param name="Reserved">Eight bytes read as a big-endian number.</param>
public readonly record struct Handshake(ulong Reserved, Hash160 Key, PeerId PeerId)
{
    public const int Length = 68;

    /// <summary>BEP 10.</summary>
    public const ulong ExtensionBit = 1UL << 20;

    /// <summary>BEP 5.</summary>
    public const ulong DhtBit = 1;

    /// <summary>BEP 6.</summary>
    public const ulong FastBit = 1 << 2;

    /// <summary>BEP 52: set beside a v1 infohash to offer the v2 one.</summary>
    public const ulong V2Bit = 1 << 4;

    private static ReadOnlySpan<byte> Opening => "\u0013BitTorrent protocol"u8;

    public bool HasExtensions => (Reserved & ExtensionBit) != 0;

    public bool HasDht => (Reserved & DhtBit) != 0;

    public bool HasFast => (Reserved & FastBit) != 0;

    public bool OffersV2 => (Reserved & V2Bit) != 0;

    public void Write(Span<byte> destination)
    {
        Opening.CopyTo(destination);
        BinaryPrimitives.WriteUInt64BigEndian(destination[20..], Reserved);
        Key.CopyTo(destination[28..]);
        PeerId.Value.CopyTo(destination[48..]);
    }

    /// <summary>Whether a stream that begins with these bytes may be a plain one: they are the opening, or the beginning of it. An encrypted stream is not, as good as never.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> bytes) => Opening.StartsWith(bytes[..Math.Min(bytes.Length, Opening.Length)]);

    /// <param name="bytes">At least <see cref="Length"/> bytes.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Handshake handshake)
    {
        handshake = default;
        if (bytes.Length < Length || !bytes.StartsWith(Opening)) return false;

        handshake = new Handshake(
            BinaryPrimitives.ReadUInt64BigEndian(bytes[20..]),
            new Hash160(bytes.Slice(28, Hash160.Length)),
            new PeerId(new Hash160(bytes.Slice(48, Hash160.Length))));
        return true;
    }
}
