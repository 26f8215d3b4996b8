namespace Shoal.Dht.Items;

/// <summary>The key pair that signs the mutable items of one publisher (BEP 44). Whoever holds the seed can replace them.</summary>
public sealed class ItemKey
{
    public const int SeedLength = Ed25519.SeedLength;

    private readonly byte[] _seed;
    private readonly byte[] _publicKey = new byte[Ed25519.PublicKeyLength];

    /// <param name="seed">Exactly 32 secret bytes; the same seed gives the same key.</param>
    public ItemKey(ReadOnlySpan<byte> seed)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, SeedLength);
        _seed = seed.ToArray();
        Ed25519.PublicKey(_seed, _publicKey);
    }

    /// <param name="random">Nobody may foretell it: <see cref="SecureRandom"/>, except in tests.</param>
    public static ItemKey Create(Random random)
    {
        Span<byte> seed = stackalloc byte[SeedLength];
        random.NextBytes(seed);
        return new ItemKey(seed);
    }

    /// <summary>The secret half, to be kept by whoever wants to publish again.</summary>
    public ReadOnlyMemory<byte> Seed => _seed;

    /// <summary>32 bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    /// <param name="message">What is signed.</param>
    /// <param name="signature">64 bytes to fill.</param>
    public void Sign(ReadOnlySpan<byte> message, Span<byte> signature) => Ed25519.Sign(_seed, _publicKey, message, signature);
}
