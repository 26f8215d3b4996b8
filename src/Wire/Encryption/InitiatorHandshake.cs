using System.Buffers.Binary;
using Shoal.Core;

namespace Shoal.Wire.Encryption;

/// <summary>The side that connects (MSE). It says which swarm it wants, under a mask that only members can lift, and offers methods.</summary>
public sealed class InitiatorHandshake : EncryptionHandshake
{
    private const int SelectLength = sizeof(int) + sizeof(ushort);

    private readonly CryptoMethods _provided;
    private readonly ReadOnlyMemory<byte> _initialPayload;
    private readonly byte[] _constant = new byte[ConstantLength];
    private Step _step;
    private CryptoMethods _selected;
    private int _padLength;

    /// <param name="key">The swarm, as the plain handshake names it.</param>
    /// <param name="provided">At least one method.</param>
    /// <param name="initialPayload">The first bytes of the stream, sent along with the handshake; at most 65,535. Lent until it is over.</param>
    public InitiatorHandshake(Hash160 key, CryptoMethods provided, ReadOnlyMemory<byte> initialPayload, HandshakeSecrets secrets)
        : base(secrets)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(initialPayload.Length, ushort.MaxValue);
        ArgumentOutOfRangeException.ThrowIfEqual((int)provided, 0);
        (Key, _provided, _initialPayload) = (key, provided, initialPayload);
    }

    private enum Step
    {
        Begin,
        TheirKey,
        Constant,
        Select,
        Pad,
    }

    private protected override bool TryStep()
    {
        switch (_step)
        {
            case Step.Begin:
                WritePublicKey();
                return GoTo(Step.TheirKey);
            case Step.TheirKey:
                return TryTake(KeyExchange.KeyLength, out var key) && TryAgree(key) && GoTo(Step.Constant);
            case Step.Constant:
                return TryPass(_constant) && GoTo(Step.Select);
            case Step.Select:
                return TryTake(SelectLength, out var select) && TryReadSelect(select) && GoTo(Step.Pad);
            default:
                if (!TryTake(_padLength, out var pad)) return false;

                Incoming.Apply(pad);
                return Finish(_selected, encrypted: 0);
        }
    }

    private bool TryAgree(ReadOnlySpan<byte> theirs)
    {
        Span<byte> secret = stackalloc byte[KeyExchange.KeyLength];
        if (!KeyExchange.TryWriteSecret(Secrets.Exponent.Span, theirs, secret)) return Fail();

        IsCostly = false;
        Outgoing = HandshakeHash.StreamOfInitiator(secret, Key);
        Incoming = HandshakeHash.StreamOfReceiver(secret, Key);
        Incoming.Apply(_constant); // eight zeros as the other side will encrypt them
        HandshakeHash.OfSecret(secret).CopyTo(Write(Hash160.Length));
        (HandshakeHash.OfSwarm(Key) ^ HandshakeHash.MaskOf(secret)).CopyTo(Write(Hash160.Length));
        WriteOffer();
        return true;
    }

    private void WriteOffer()
    {
        const int padAt = ConstantLength + sizeof(int) + sizeof(ushort);
        var offer = Write(padAt + Secrets.ZeroPad + sizeof(ushort) + _initialPayload.Length);
        offer.Clear();
        BinaryPrimitives.WriteInt32BigEndian(offer[ConstantLength..], (int)_provided);
        BinaryPrimitives.WriteUInt16BigEndian(offer[(ConstantLength + sizeof(int))..], (ushort)Secrets.ZeroPad);
        var rest = offer[(padAt + Secrets.ZeroPad)..];
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)_initialPayload.Length);
        _initialPayload.Span.CopyTo(rest[sizeof(ushort)..]);
        Outgoing.Apply(offer);
    }

    private bool TryReadSelect(Span<byte> select)
    {
        Incoming.Apply(select);
        _selected = (CryptoMethods)BinaryPrimitives.ReadInt32BigEndian(select);
        _padLength = BinaryPrimitives.ReadUInt16BigEndian(select[sizeof(int)..]);
        var isOne = _selected is CryptoMethods.Plaintext or CryptoMethods.Rc4 && (_selected & _provided) != 0;
        return (isOne && _padLength <= MaxPad) || Fail();
    }

    private bool GoTo(Step step)
    {
        _step = step;
        return true;
    }
}
