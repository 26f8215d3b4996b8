using Shoal.Core;
using Shoal.Wire.Encryption;

namespace Shoal.Unit.Wire.Encryption;

/// <summary>Both sides of a handshake, and what carries bytes between them.</summary>
internal static class Handshakes
{
    public const CryptoMethods Both = CryptoMethods.Plaintext | CryptoMethods.Rc4;

    public static readonly Hash160 Swarm = new([.. Enumerable.Range(200, Hash160.Length).Select(i => (byte)i)]);

    public static Hash160? Find(Hash160 obfuscated) => obfuscated == HandshakeHash.OfSwarm(Swarm) ? Swarm : null;

    public static HandshakeSecrets Secrets(int first, int pad = 0, int zeroPad = 0)
    {
        var padding = new byte[pad];
        new Random(first).NextBytes(padding);
        return new HandshakeSecrets(Enumerable.Range(first, KeyExchange.ExponentLength).Select(i => (byte)i).ToArray(), padding, zeroPad);
    }

    public static InitiatorHandshake Initiator(CryptoMethods provided = Both, byte[]? payload = null, HandshakeSecrets? secrets = null, Hash160? swarm = null) =>
        new(swarm ?? Swarm, provided, payload ?? [], secrets ?? Secrets(0));

    public static ReceiverHandshake Receiver(CryptoMethods accepted = Both, CryptoMethods preferred = CryptoMethods.Rc4, HandshakeSecrets? secrets = null) =>
        new(accepted, preferred, Find, secrets ?? Secrets(100));

    /// <summary>Feeds each what the other says, in pieces of lengths that are drawn, until neither says anything.</summary>
    public static void Talk(EncryptionHandshake initiator, EncryptionHandshake receiver, Func<int, int> nextLength)
    {
        var (toReceiver, toInitiator) = (new Queue<byte>(), new Queue<byte>());
        Feed(initiator, [], toReceiver);
        while (Deliver(toReceiver, receiver, toInitiator, nextLength) | Deliver(toInitiator, initiator, toReceiver, nextLength))
        {
        }
    }

    private static bool Deliver(Queue<byte> from, EncryptionHandshake to, Queue<byte> answers, Func<int, int> nextLength)
    {
        if (from.Count == 0 || to.Status != HandshakeStatus.UnderWay) return false;

        var part = new byte[Math.Clamp(nextLength(from.Count), 1, from.Count)];
        for (var i = 0; i < part.Length; i++) part[i] = from.Dequeue();
        Feed(to, part, answers);
        return true;
    }

    private static void Feed(EncryptionHandshake to, byte[] bytes, Queue<byte> answers)
    {
        to.Feed(bytes);
        foreach (var b in to.Output.Span) answers.Enqueue(b);
    }
}
