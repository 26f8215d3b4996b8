using System.Security.Cryptography;
using Shoal.Core;

namespace Shoal.Wire.Encryption;

/// <summary>The SHA-1 hashes of MSE, each of a word and of what it is about.</summary>
public static class HandshakeHash
{
    private const int WordLength = 4;
    private const int SkippedBytes = 1024;

    /// <summary>What stands for a swarm in a handshake, under a mask: whoever knows many swarms finds by it which one is meant.</summary>
    /// <param name="key">As the plain handshake names it.</param>
    public static Hash160 OfSwarm(Hash160 key)
    {
        Span<byte> bytes = stackalloc byte[Hash160.Length];
        key.CopyTo(bytes);
        return Of("req2"u8, bytes);
    }

    /// <summary>Where the padding of whoever connects ends.</summary>
    internal static Hash160 OfSecret(ReadOnlySpan<byte> secret) => Of("req1"u8, secret);

    /// <summary>What is laid over <see cref="OfSwarm"/>.</summary>
    internal static Hash160 MaskOf(ReadOnlySpan<byte> secret) => Of("req3"u8, secret);

    /// <summary>The stream that whoever connects encrypts, its first 1024 bytes discarded.</summary>
    internal static Rc4 StreamOfInitiator(ReadOnlySpan<byte> secret, Hash160 key) => Stream("keyA"u8, secret, key);

    /// <summary>The stream that whoever is connected to encrypts, its first 1024 bytes discarded.</summary>
    internal static Rc4 StreamOfReceiver(ReadOnlySpan<byte> secret, Hash160 key) => Stream("keyB"u8, secret, key);

    private static Rc4 Stream(ReadOnlySpan<byte> word, ReadOnlySpan<byte> secret, Hash160 key)
    {
        Span<byte> bytes = stackalloc byte[KeyExchange.KeyLength + Hash160.Length];
        secret.CopyTo(bytes);
        key.CopyTo(bytes[KeyExchange.KeyLength..]);
        Span<byte> hash = stackalloc byte[Hash160.Length];
        Of(word, bytes).CopyTo(hash);
        var stream = new Rc4(hash);
        stream.Skip(SkippedBytes);
        return stream;
    }

    private static Hash160 Of(ReadOnlySpan<byte> word, ReadOnlySpan<byte> rest)
    {
        Span<byte> bytes = stackalloc byte[WordLength + KeyExchange.KeyLength + Hash160.Length];
        word.CopyTo(bytes);
        rest.CopyTo(bytes[WordLength..]);
        Span<byte> hash = stackalloc byte[Hash160.Length];
        SHA1.HashData(bytes[..(WordLength + rest.Length)], hash);
        return new Hash160(hash);
    }
}
