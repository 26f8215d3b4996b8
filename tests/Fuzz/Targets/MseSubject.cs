using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Wire.Encryption;

namespace Shoal.Fuzz.Targets;

/// <summary>
/// Both sides of the encrypted handshake. The first byte says which side hears the input, and whether as it is or, after an exchange of keys that is in order, encrypted under those keys; the second in
/// pieces of how many bytes.
/// </summary>
internal sealed class MseSubject : ISubject
{
    public const int HeadLength = 2;

    private const CryptoMethods Both = CryptoMethods.Plaintext | CryptoMethods.Rc4;
    private const int MaxBeforeOffer = KeyExchange.KeyLength + EncryptionHandshake.MaxPad + 2 * Hash160.Length;
    private const int OfferLength = 14;
    private const int SelectLength = 14;

    private static readonly Hash160 Swarm = new("a swarm of our own.."u8);
    private static readonly HandshakeSecrets Ours = new("private exponent of "u8.ToArray(), "pad"u8.ToArray(), 5);
    private static readonly byte[] TheirExponent = "their exponent here "u8.ToArray();
    private static readonly byte[] TheirKey = new byte[KeyExchange.KeyLength], Secret = new byte[KeyExchange.KeyLength];

    static MseSubject()
    {
        var ourKey = new byte[KeyExchange.KeyLength];
        KeyExchange.WritePublicKey(TheirExponent, TheirKey);
        KeyExchange.WritePublicKey(Ours.Exponent.Span, ourKey);
        KeyExchange.TryWriteSecret(TheirExponent, ourKey, Secret);
    }

    public ulong Run(ReadOnlySpan<byte> input)
    {
        var outcome = new Outcome();
        if (input.Length < HeadLength) return outcome.Hash;

        var (isReceiver, isKeyed, accepted, again) = ((input[0] & 1) == 0, (input[0] & 2) != 0, (input[0] & 4) != 0 ? CryptoMethods.Rc4 : Both, (input[0] & 8) != 0);
        var payload = input[HeadLength..];
        var stream = Stream(payload, isReceiver, isKeyed);
        var side = Feed(stream, isReceiver, accepted, input[1]);
        Violation.Unless(isKeyed || side.Status != HandshakeStatus.Done, "agrees with who does not know the secret");
        Violation.Unless(side.Status != HandshakeStatus.UnderWay || stream.Length <= Most(isReceiver), "waits for more than may come");
        outcome.Add((int)side.Status);
        if (side.Status == HandshakeStatus.Done) Check(side, payload, isReceiver, accepted, ref outcome);
        if (again)
        {
            var whole = Feed(stream, isReceiver, accepted, 0);
            Violation.Unless(whole.Status == side.Status && whole.Method == side.Method, "depends on how the bytes are cut");
        }

        return outcome.Hash;
    }

    /// <summary>What the other side says: the input, or keys and hashes in order and then the input encrypted.</summary>
    private static byte[] Stream(ReadOnlySpan<byte> payload, bool isReceiver, bool isKeyed)
    {
        if (!isKeyed) return payload.ToArray();

        var encrypted = payload.ToArray();
        (isReceiver ? HandshakeHash.StreamOfInitiator(Secret, Swarm) : HandshakeHash.StreamOfReceiver(Secret, Swarm)).Apply(encrypted);
        return isReceiver
            ? [.. TheirKey, .. HandshakeHash.OfSecret(Secret).ToArray(), .. (HandshakeHash.OfSwarm(Swarm) ^ HandshakeHash.MaskOf(Secret)).ToArray(), .. encrypted]
            : [.. TheirKey, .. encrypted];
    }

    /// <param name="piece">Bytes fed at a time; 0 for all of them.</param>
    private static EncryptionHandshake Feed(ReadOnlySpan<byte> stream, bool isReceiver, CryptoMethods methods, int piece)
    {
        var limit = 128 * 1024 + 8L * stream.Length;
        var before = GC.GetAllocatedBytesForCurrentThread();
        EncryptionHandshake side = isReceiver
            ? new ReceiverHandshake(methods, CryptoMethods.Plaintext, hash => hash == HandshakeHash.OfSwarm(Swarm) ? Swarm : null, Ours)
            : new InitiatorHandshake(Swarm, methods, new byte[68], Ours);
        side.Feed([]);
        for (var rest = stream; !rest.IsEmpty && side.Status == HandshakeStatus.UnderWay;)
        {
            var count = piece == 0 ? rest.Length : Math.Min(piece, rest.Length);
            side.Feed(rest[..count]);
            Violation.Unless(side.Output.Length <= 2 * EncryptionHandshake.MaxPad + 512, "says more than it may");
            rest = rest[count..];
        }

        Violation.UnlessAllocatedWithin(limit, before);
        return side;
    }

    private static int Most(bool isReceiver) => isReceiver
        ? MaxBeforeOffer + OfferLength + EncryptionHandshake.MaxPad + sizeof(ushort) + ReceiverHandshake.MaxInitialPayload
        : KeyExchange.KeyLength + EncryptionHandshake.MaxPad + SelectLength + EncryptionHandshake.MaxPad;

    private static void Check(EncryptionHandshake side, ReadOnlySpan<byte> payload, bool isReceiver, CryptoMethods methods, ref Outcome outcome)
    {
        Violation.Unless(side.Method is CryptoMethods.Plaintext or CryptoMethods.Rc4 && (side.Method & methods) != 0, "agrees on what it does not take");
        outcome.Add((int)side.Method);
        outcome.AddSize(side.Leftover.Length);
        if (!isReceiver) return;

        Violation.Unless(side.Key == Swarm, "another swarm");
        Violation.Unless((BinaryPrimitives.ReadInt32BigEndian(payload[8..]) & (int)side.Method) != 0, "agrees on what was not offered");
        var pad = BinaryPrimitives.ReadUInt16BigEndian(payload[12..]);
        var initial = payload[(OfferLength + pad + sizeof(ushort))..];
        var length = BinaryPrimitives.ReadUInt16BigEndian(payload[(OfferLength + pad)..]);
        Violation.Unless(pad <= EncryptionHandshake.MaxPad && length <= ReceiverHandshake.MaxInitialPayload, "takes more than it may");
        Violation.Unless(side.Leftover.Length >= length && side.Leftover.Span[..length].SequenceEqual(initial[..length]), "another initial payload");
        Violation.Unless(side.Method != CryptoMethods.Rc4 || side.Leftover.Length > initial.Length || side.Leftover.Span.SequenceEqual(initial[..side.Leftover.Length]), "loses what followed");
        outcome.AddSize(pad);
        outcome.AddSize(length);
    }
}
