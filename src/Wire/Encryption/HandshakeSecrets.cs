using System.Buffers.Binary;

namespace Shoal.Wire.Encryption;

/// <summary>All that chance decides in one side of a handshake, drawn before it begins.</summary>
/// <param name="Exponent">The private key, <see cref="KeyExchange.ExponentLength"/> bytes.</param>
/// <param name="Pad">Random bytes after the public key, at most <see cref="EncryptionHandshake.MaxPad"/> (PadA, PadB).</param>
/// <param name="ZeroPad">How many zeros are sent encrypted, at most <see cref="EncryptionHandshake.MaxPad"/> (PadC, PadD).</param>
public sealed record HandshakeSecrets(ReadOnlyMemory<byte> Exponent, ReadOnlyMemory<byte> Pad, int ZeroPad)
{
    /// <param name="random">In production one that nobody can foretell. Only bytes are drawn.</param>
    public static HandshakeSecrets Draw(Random random)
    {
        const int lengths = 2 * sizeof(ushort);
        var drawn = new byte[lengths + KeyExchange.ExponentLength + EncryptionHandshake.MaxPad];
        random.NextBytes(drawn);
        return new HandshakeSecrets(
            drawn.AsMemory(lengths, KeyExchange.ExponentLength), drawn.AsMemory(lengths + KeyExchange.ExponentLength, LengthFrom(drawn)), LengthFrom(drawn.AsSpan(sizeof(ushort))));
    }

    private static int LengthFrom(ReadOnlySpan<byte> drawn) => BinaryPrimitives.ReadUInt16BigEndian(drawn) % (EncryptionHandshake.MaxPad + 1);
}
