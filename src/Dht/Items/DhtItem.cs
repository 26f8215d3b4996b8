using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using Shoal.Core;
using Shoal.Core.Bencode;
using Shoal.Dht.Krpc;

namespace Shoal.Dht.Items;

/// <summary>
/// Something small that the DHT keeps (BEP 44): immutable, named by its own hash, or mutable, named by its publisher's key and a salt and replaced by
/// whatever the same key signs with a higher number. Invariant: the value is canonical and not too long, and the target and the signature hold.
/// </summary>
public sealed class DhtItem
{
    public const int MaxValueLength = 1000; // BEP 44
    public const int MaxSaltLength = 64; // BEP 44

    private const int MaxSignedLength = MaxValueLength + MaxSaltLength + 48;

    private DhtItem(Hash160 target, ReadOnlySpan<byte> value)
    {
        Target = target;
        Value = value.ToArray();
    }

    /// <summary>Where it is kept.</summary>
    public Hash160 Target { get; }

    /// <summary>One bencoded value of any type, at most 1000 bytes.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    public bool IsMutable => !PublicKey.IsEmpty;

    /// <summary>The publisher's, 32 bytes; empty if immutable.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; private init; }

    /// <summary>Tells items of one key apart; often empty.</summary>
    public ReadOnlyMemory<byte> Salt { get; private init; }

    /// <summary>Rises with each version; zero if immutable.</summary>
    public long Sequence { get; private init; }

    /// <summary>64 bytes; empty if immutable.</summary>
    public ReadOnlyMemory<byte> Signature { get; private init; }

    /// <summary>Whether bytes can be an item's value: one canonical bencoded value, and short enough.</summary>
    public static bool IsValue(ReadOnlySpan<byte> value) =>
        value.Length is > 0 and <= MaxValueLength && BencodeValidator.TryMeasure(value, out var length) && length == value.Length;

    /// <summary>The name of an immutable item.</summary>
    public static Hash160 TargetOf(ReadOnlySpan<byte> value) => Hash.Sha1(value);

    /// <summary>The name of a mutable item.</summary>
    /// <param name="publicKey">32 bytes.</param>
    /// <param name="salt">At most 64 bytes.</param>
    public static Hash160 TargetOf(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> salt)
    {
        Span<byte> named = stackalloc byte[Ed25519.PublicKeyLength + MaxSaltLength];
        publicKey.CopyTo(named);
        salt.CopyTo(named[publicKey.Length..]);
        return Hash.Sha1(named[..(publicKey.Length + salt.Length)]);
    }

    /// <summary>An immutable item.</summary>
    /// <exception cref="ArgumentException">The value is not canonical bencoding of at most 1000 bytes.</exception>
    public static DhtItem Create(ReadOnlySpan<byte> value)
    {
        ThrowUnlessValue(value);
        return new DhtItem(TargetOf(value), value);
    }

    /// <summary>A mutable item.</summary>
    /// <exception cref="ArgumentException">The value is not canonical bencoding of at most 1000 bytes, the salt is longer than 64, or the number is negative.</exception>
    public static DhtItem Sign(ItemKey key, ReadOnlySpan<byte> value, long sequence, ReadOnlySpan<byte> salt = default)
    {
        ThrowUnlessValue(value);
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(salt.Length, MaxSaltLength, nameof(salt));

        Span<byte> signed = stackalloc byte[MaxSignedLength];
        Span<byte> signature = stackalloc byte[Ed25519.SignatureLength];
        key.Sign(signed[..WriteSigned(value, sequence, salt, signed)], signature);
        return Mutable(key.PublicKey.Span, value, sequence, salt, signature);
    }

    /// <summary>A mutable item that somebody else has signed, who keeps the key; false if any part of it is not valid, or the signature does not hold.</summary>
    public static bool TryCreate(
        ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> value, long sequence, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> signature, [NotNullWhen(true)] out DhtItem? item)
    {
        item = null;
        if (!IsValue(value) || sequence < 0 || salt.Length > MaxSaltLength || !IsSigned(publicKey, value, sequence, salt, signature)) return false;

        item = Mutable(publicKey, value, sequence, salt, signature);
        return true;
    }

    /// <summary>The item that an answer carries, if it is the one that was sought.</summary>
    /// <param name="target">What was sought.</param>
    /// <param name="salt">What the seeker knows the salt to be; answers do not say it.</param>
    /// <param name="answer">Said by anybody.</param>
    /// <param name="item">Proven.</param>
    internal static bool TryVerify(Hash160 target, ReadOnlySpan<byte> salt, in KrpcMessage answer, [NotNullWhen(true)] out DhtItem? item)
    {
        item = null;
        if (!IsValue(answer.Value)) return false;

        if (answer.Key.IsEmpty)
        {
            if (TargetOf(answer.Value) == target) item = new DhtItem(target, answer.Value);
            return item is not null;
        }

        if (salt.Length > MaxSaltLength || answer.Sequence is not { } sequence || TargetOf(answer.Key, salt) != target) return false;
        if (!IsSigned(answer.Key, answer.Value, sequence, salt, answer.Signature)) return false;

        item = Mutable(answer.Key, answer.Value, sequence, salt, answer.Signature);
        return true;
    }

    /// <summary>Whether a signature holds; all the rest was checked before, since this costs the most.</summary>
    internal static bool IsSigned(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> value, long sequence, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> signature)
    {
        Span<byte> signed = stackalloc byte[MaxSignedLength];
        return Ed25519.Verify(publicKey, signed[..WriteSigned(value, sequence, salt, signed)], signature);
    }

    /// <summary>What is signed: salt if there is any, number and value, bencoded without the dictionary around them. How long it is.</summary>
    internal static int WriteSigned(ReadOnlySpan<byte> value, long sequence, ReadOnlySpan<byte> salt, Span<byte> signed)
    {
        var length = 0;
        if (!salt.IsEmpty)
        {
            Put("4:salt"u8, signed, ref length);
            Put(salt.Length, signed, ref length);
            Put(":"u8, signed, ref length);
            Put(salt, signed, ref length);
        }

        Put("3:seqi"u8, signed, ref length);
        Put(sequence, signed, ref length);
        Put("e1:v"u8, signed, ref length);
        Put(value, signed, ref length);
        return length;
    }

    private static DhtItem Mutable(
        ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> value, long sequence, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> signature) =>
        new(TargetOf(publicKey, salt), value)
        {
            PublicKey = publicKey.ToArray(),
            Salt = salt.ToArray(),
            Sequence = sequence,
            Signature = signature.ToArray(),
        };

    private static void ThrowUnlessValue(ReadOnlySpan<byte> value)
    {
        if (!IsValue(value)) throw new ArgumentException("An item's value is one canonical bencoded value of at most 1000 bytes.", nameof(value));
    }

    private static void Put(ReadOnlySpan<byte> part, Span<byte> destination, ref int length)
    {
        part.CopyTo(destination[length..]);
        length += part.Length;
    }

    private static void Put(long number, Span<byte> destination, ref int length)
    {
        Utf8Formatter.TryFormat(number, destination[length..], out var written);
        length += written;
    }
}
