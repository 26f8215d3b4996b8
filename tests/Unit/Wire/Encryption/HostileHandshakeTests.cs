using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Wire.Encryption;
using Xunit;
using static Shoal.Unit.Wire.Encryption.Handshakes;

namespace Shoal.Unit.Wire.Encryption;

/// <summary>Sides that exchange keys as they should and lie from then on.</summary>
public sealed class HostileHandshakeTests
{
    private const int MaxPad = EncryptionHandshake.MaxPad;

    [Theory]
    [InlineData(0, true)]
    [InlineData(MaxPad, true)]
    [InlineData(MaxPad + 1, false)]
    public void ReceiverLooksNoFurtherThanAPadMayReach(int pad, bool isTaken)
    {
        var liar = new Liar();
        var receiver = Receiver();

        receiver.Feed([.. liar.Key, .. new byte[pad], .. liar.Head(receiver), .. liar.Encrypt(Offer(1, 0, 0))]);

        Assert.Equal(isTaken ? HandshakeStatus.Done : HandshakeStatus.Failed, receiver.Status);
    }

    [Theory]
    [InlineData(1, 0, 0, true)]
    [InlineData(2, MaxPad, ReceiverHandshake.MaxInitialPayload, true)]
    [InlineData(unchecked((int)0xFFFFFFFF), 0, 0, true)]
    [InlineData(0, 0, 0, false)]
    [InlineData(4, 0, 0, false)]
    [InlineData(2, MaxPad + 1, 0, false)]
    [InlineData(2, 65535, 0, false)]
    [InlineData(2, 0, ReceiverHandshake.MaxInitialPayload + 1, false)]
    [InlineData(2, 0, 65535, false)]
    public void ReceiverTakesOnlyWhatIsWithinBounds(int provided, int pad, int payload, bool isTaken)
    {
        var liar = new Liar();
        var receiver = Receiver();

        receiver.Feed([.. liar.Key, .. liar.Head(receiver), .. liar.Encrypt(Offer(provided, pad, payload)), .. liar.Encrypt(new byte[payload])]);

        Assert.Equal(isTaken ? HandshakeStatus.Done : HandshakeStatus.Failed, receiver.Status);
        Assert.Equal(isTaken ? payload : 0, receiver.Leftover.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void ReceiverFails_WhenTheConstantIsNotZero(int at)
    {
        var liar = new Liar();
        var receiver = Receiver();
        var offer = Offer(2, 0, 0);
        offer[at] = 1;

        receiver.Feed([.. liar.Key, .. liar.Head(receiver), .. liar.Encrypt(offer)]);

        Assert.Equal(HandshakeStatus.Failed, receiver.Status);
    }

    [Fact]
    public void ReceiverWaits_WhenWhateverComesIsCutShort()
    {
        var liar = new Liar();
        byte[] whole = [.. liar.Key, .. new byte[30], .. liar.Head(Receiver()), .. liar.Encrypt([.. Offer(3, 40, 50), .. new byte[50]])];

        for (var length = 0; length < whole.Length; length++)
        {
            var receiver = Receiver();

            Assert.Equal(HandshakeStatus.UnderWay, receiver.Feed(whole.AsSpan(0, length)));
            Assert.True(receiver.Leftover.IsEmpty);
            Assert.Equal(HandshakeStatus.Done, receiver.Feed(whole.AsSpan(length)));
        }
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(MaxPad, true)]
    [InlineData(MaxPad + 1, false)]
    public void InitiatorLooksNoFurtherThanAPadMayReach(int pad, bool isTaken)
    {
        var liar = new Liar();
        var initiator = Initiator();
        initiator.Feed([]);
        var answer = liar.Answer(initiator.Output.Span, Select(2, 0));

        initiator.Feed([.. liar.Key, .. new byte[pad], .. answer]);

        Assert.Equal(isTaken ? HandshakeStatus.Done : HandshakeStatus.Failed, initiator.Status);
    }

    [Theory]
    [InlineData(CryptoMethods.Rc4, 2, MaxPad, true)]
    [InlineData(Both, 1, 0, true)]
    [InlineData(CryptoMethods.Rc4, 1, 0, false)]
    [InlineData(CryptoMethods.Plaintext, 2, 0, false)]
    [InlineData(Both, 3, 0, false)]
    [InlineData(Both, 0, 0, false)]
    [InlineData(Both, 4, 0, false)]
    [InlineData(Both, 2, MaxPad + 1, false)]
    [InlineData(Both, 2, 65535, false)]
    public void InitiatorTakesOnlyOneOfTheMethodsItProvided(CryptoMethods provided, int selected, int pad, bool isTaken)
    {
        var liar = new Liar();
        var initiator = Initiator(provided);
        initiator.Feed([]);
        var answer = liar.Answer(initiator.Output.Span, [.. Select(selected, pad), .. new byte[pad]]);

        initiator.Feed([.. liar.Key, .. answer]);

        Assert.Equal(isTaken ? HandshakeStatus.Done : HandshakeStatus.Failed, initiator.Status);
    }

    [Fact]
    public void BothRefuseAKey_WhoseSecretAnybodyCouldTell()
    {
        var one = new byte[KeyExchange.KeyLength];
        one[^1] = 1;
        EncryptionHandshake[] sides = [Receiver(), Initiator()];

        Assert.All(sides, side => Assert.Equal(HandshakeStatus.Failed, side.Feed(one)));
    }

    private static byte[] Offer(int provided, int pad, int payload) =>
        [.. new byte[8], .. Number(provided, 4), .. Number(pad, 2), .. new byte[Math.Min(pad, MaxPad)], .. Number(payload, 2)];

    private static byte[] Select(int selected, int pad) => [.. new byte[8], .. Number(selected, 4), .. Number(pad, 2)];

    private static byte[] Number(int value, int length)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes[^length..];
    }

    /// <summary>Knows the other's private key, and so does not have to wait for anything.</summary>
    private sealed class Liar
    {
        private readonly byte[] _exponent = [.. Enumerable.Range(60, KeyExchange.ExponentLength).Select(i => (byte)i)];
        private readonly byte[] _secret = new byte[KeyExchange.KeyLength];
        private Rc4? _stream;

        public Liar() => KeyExchange.WritePublicKey(_exponent, Key);

        public byte[] Key { get; } = new byte[KeyExchange.KeyLength];

        /// <summary>The hashes after the pad of whoever connects.</summary>
        public byte[] Head(ReceiverHandshake receiver)
        {
            Assert.Equal(HandshakeStatus.UnderWay, receiver.Status);
            var theirs = new byte[KeyExchange.KeyLength];
            KeyExchange.WritePublicKey(Secrets(100).Exponent.Span, theirs);
            KeyExchange.TryWriteSecret(_exponent, theirs, _secret);
            _stream = HandshakeHash.StreamOfInitiator(_secret, Swarm);
            return [.. HandshakeHash.OfSecret(_secret).ToArray(), .. (HandshakeHash.OfSwarm(Swarm) ^ HandshakeHash.MaskOf(_secret)).ToArray()];
        }

        public byte[] Encrypt(byte[] bytes)
        {
            _stream!.Apply(bytes);
            return bytes;
        }

        /// <summary>What whoever is connected to would say after its pad.</summary>
        public byte[] Answer(ReadOnlySpan<byte> theirs, byte[] bytes)
        {
            KeyExchange.TryWriteSecret(_exponent, theirs[..KeyExchange.KeyLength], _secret);
            HandshakeHash.StreamOfReceiver(_secret, Swarm).Apply(bytes);
            return bytes;
        }
    }
}
