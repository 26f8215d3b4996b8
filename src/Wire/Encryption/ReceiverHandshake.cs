using System.Buffers.Binary;
using Shoal.Core;

namespace Shoal.Wire.Encryption;

/// <summary>
/// The side that is connected to (MSE). It learns which swarm is meant by looking up one hash, however many swarms there are, and selects a method. Whoever does not know a swarm of ours
/// gets a public key and random bytes from it, and nothing more.
/// </summary>
public sealed class ReceiverHandshake : EncryptionHandshake
{
    /// <summary>Most bytes of the stream that may come before we answered. Clients send their plain handshake of 68.</summary>
    public const int MaxInitialPayload = 8 * 1024;

    private const int OfferLength = ConstantLength + sizeof(int) + sizeof(ushort);

    private readonly CryptoMethods _accepted;
    private readonly CryptoMethods _preferred;
    private readonly Func<Hash160, Hash160?> _findSwarm;
    private readonly byte[] _secret = new byte[KeyExchange.KeyLength];
    private readonly byte[] _endOfPad = new byte[Hash160.Length];
    private Step _step;
    private CryptoMethods _selected;
    private int _length;

    /// <param name="accepted">Methods we take.</param>
    /// <param name="preferred">The one selected when several are offered that we take.</param>
    /// <param name="findSwarm">From <see cref="HandshakeHash.OfSwarm"/> to the key of a swarm of ours; null if there is none.</param>
    public ReceiverHandshake(CryptoMethods accepted, CryptoMethods preferred, Func<Hash160, Hash160?> findSwarm, HandshakeSecrets secrets)
        : base(secrets) => (_accepted, _preferred, _findSwarm) = (accepted, preferred, findSwarm);

    private enum Step
    {
        TheirKey,
        EndOfPad,
        Swarm,
        Offer,
        Pad,
        InitialPayload,
    }

    private protected override bool TryStep()
    {
        switch (_step)
        {
            case Step.TheirKey:
                return TryTake(KeyExchange.KeyLength, out var key) && TryAgree(key) && GoTo(Step.EndOfPad);
            case Step.EndOfPad:
                return TryPass(_endOfPad) && GoTo(Step.Swarm);
            case Step.Swarm:
                return TryTake(Hash160.Length, out var swarm) && TryFind(new Hash160(swarm)) && GoTo(Step.Offer);
            case Step.Offer:
                return TryTake(OfferLength, out var offer) && TryReadOffer(offer) && GoTo(Step.Pad);
            case Step.Pad:
                return TryTake(_length + sizeof(ushort), out var pad) && TryReadPad(pad) && GoTo(Step.InitialPayload);
            default:
                return Available.Length >= _length && Answer();
        }
    }

    private bool TryAgree(ReadOnlySpan<byte> theirs)
    {
        if (!KeyExchange.TryWriteSecret(Secrets.Exponent.Span, theirs, _secret)) return Fail();

        IsCostly = false;
        HandshakeHash.OfSecret(_secret).CopyTo(_endOfPad);
        WritePublicKey();
        return true;
    }

    private bool TryFind(Hash160 masked)
    {
        if (_findSwarm(masked ^ HandshakeHash.MaskOf(_secret)) is not { } key) return Fail();

        Key = key;
        Incoming = HandshakeHash.StreamOfInitiator(_secret, key);
        Outgoing = HandshakeHash.StreamOfReceiver(_secret, key);
        return true;
    }

    private bool TryReadOffer(Span<byte> offer)
    {
        Incoming.Apply(offer);
        var common = (CryptoMethods)BinaryPrimitives.ReadInt32BigEndian(offer[ConstantLength..]) & _accepted & (CryptoMethods.Plaintext | CryptoMethods.Rc4);
        _selected = (common & _preferred) != 0 ? _preferred : common;
        _length = BinaryPrimitives.ReadUInt16BigEndian(offer[(ConstantLength + sizeof(int))..]);
        return (!offer[..ConstantLength].ContainsAnyExcept((byte)0) && _selected is CryptoMethods.Plaintext or CryptoMethods.Rc4 && _length <= MaxPad) || Fail();
    }

    private bool TryReadPad(Span<byte> pad)
    {
        Incoming.Apply(pad);
        _length = BinaryPrimitives.ReadUInt16BigEndian(pad[^sizeof(ushort)..]);
        return _length <= MaxInitialPayload || Fail();
    }

    private bool Answer()
    {
        var answer = Write(OfferLength + Secrets.ZeroPad);
        answer.Clear();
        BinaryPrimitives.WriteInt32BigEndian(answer[ConstantLength..], (int)_selected);
        BinaryPrimitives.WriteUInt16BigEndian(answer[(ConstantLength + sizeof(int))..], (ushort)Secrets.ZeroPad);
        Outgoing.Apply(answer);
        return Finish(_selected, encrypted: _length);
    }

    private bool GoTo(Step step)
    {
        _step = step;
        return true;
    }
}
