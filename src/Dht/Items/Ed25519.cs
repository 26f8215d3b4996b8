using BouncyCastle = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Shoal.Dht.Items;

/// <summary>Signatures of mutable items (BEP 44, RFC 8032), and the one place that knows who computes them.</summary>
internal static class Ed25519
{
    public const int SeedLength = 32;
    public const int PublicKeyLength = 32;
    public const int SignatureLength = 64;

    public static void PublicKey(ReadOnlySpan<byte> seed, Span<byte> publicKey) => BouncyCastle.GeneratePublicKey(seed, publicKey);

    public static void Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, Span<byte> signature) =>
        BouncyCastle.Sign(seed, publicKey, message, signature);

    /// <summary>Total: a key that is no point, and a signature that is none, are refused.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        publicKey.Length == PublicKeyLength && signature.Length == SignatureLength && BouncyCastle.Verify(signature, publicKey, message);
}
