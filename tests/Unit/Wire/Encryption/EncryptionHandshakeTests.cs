using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Shoal.Wire.Encryption;
using Xunit;
using static Shoal.Unit.Wire.Encryption.Handshakes;

namespace Shoal.Unit.Wire.Encryption;

public sealed class EncryptionHandshakeTests
{
    [Fact]
    public void SaysTheBytesThatWereComputedElsewhere()
    {
        var initiator = Initiator(payload: "hello"u8.ToArray(), secrets: Secrets(0) with { Pad = new byte[] { 7, 7, 7, 7, 7 }, ZeroPad = 2 });
        var receiver = Receiver(secrets: Secrets(100) with { Pad = new byte[] { 9, 9, 9 }, ZeroPad = 4 });
        List<byte> fromInitiator = [], fromReceiver = [];

        initiator.Feed([]);
        while (initiator.Status == HandshakeStatus.UnderWay)
        {
            fromInitiator.AddRange(initiator.Output.Span);
            receiver.Feed(initiator.Output.Span);
            fromReceiver.AddRange(receiver.Output.Span);
            initiator.Feed(receiver.Output.Span);
        }

        Assert.Equal("260c9ad5f5f44571bb5578752b6e475423b99946", Convert.ToHexStringLower(SHA1.HashData(fromInitiator.ToArray())));
        Assert.Equal("94b28e5bc0a7eb31540fe33f97a81824e13dea88", Convert.ToHexStringLower(SHA1.HashData(fromReceiver.ToArray())));
        Assert.Equal(HandshakeStatus.Done, receiver.Status);
        Assert.Equal(CryptoMethods.Rc4, initiator.Method);
        Assert.Equal("hello", Encoding.ASCII.GetString(receiver.Leftover.Span));
        Assert.Equal("121bd8ba", NextOf(initiator.Outgoing));
        Assert.Equal("70526ef7", NextOf(receiver.Outgoing));

        static string NextOf(Rc4 stream)
        {
            var zeros = new byte[4];
            stream.Apply(zeros);
            return Convert.ToHexStringLower(zeros);
        }
    }

    [Fact]
    public void Agree_WhateverThePadsAndHoweverTheBytesArrive()
    {
        var pads = Gen.Int[0, EncryptionHandshake.MaxPad];
        Gen.Select(pads.Array[4], Gen.Byte.Array[0, 300], Gen.Int, Gen.Int[1, 3], Gen.Bool).Sample((pad, payload, seed, provided, prefersRc4) =>
        {
            var random = new Random(seed);
            var initiator = Initiator((CryptoMethods)provided, payload, Secrets(1, pad[0], pad[2]));
            var receiver = Receiver(preferred: prefersRc4 ? CryptoMethods.Rc4 : CryptoMethods.Plaintext, secrets: Secrets(50, pad[1], pad[3]));

            Talk(initiator, receiver, most => random.Next(4) == 0 ? most : random.Next(1, 200));

            Assert.Equal((HandshakeStatus.Done, HandshakeStatus.Done), (initiator.Status, receiver.Status));
            Assert.Equal(provided == 3 ? prefersRc4 ? CryptoMethods.Rc4 : CryptoMethods.Plaintext : (CryptoMethods)provided, receiver.Method);
            Assert.Equal(receiver.Method, initiator.Method);
            Assert.Equal(Swarm, receiver.Key);
            Assert.Equal(payload, receiver.Leftover.ToArray());
            Assert.True(initiator.Leftover.IsEmpty);
            Assert.Equal(payload, Through(initiator.Outgoing, receiver.Incoming, payload));
            Assert.Equal(payload, Through(receiver.Outgoing, initiator.Incoming, payload));
        });
    }

    [Theory]
    [InlineData(CryptoMethods.Plaintext)]
    [InlineData(CryptoMethods.Rc4)]
    public void HandOverWhatFollowsAtOnce(CryptoMethods method)
    {
        var initiator = Initiator(method, [1, 2, 3], Secrets(0, 20, 30));
        var receiver = Receiver(secrets: Secrets(100, 40, 50));
        byte[] next = [4, 5, 6];

        initiator.Feed([]);
        receiver.Feed(initiator.Output.Span);
        initiator.Feed(receiver.Output.Span);
        receiver.Feed([.. initiator.Output.Span, .. method == CryptoMethods.Rc4 ? Encrypted(initiator.Outgoing, next) : next]);
        initiator.Feed([.. receiver.Output.Span, .. method == CryptoMethods.Rc4 ? Encrypted(receiver.Outgoing, next) : next]);

        Assert.Equal([1, 2, 3, 4, 5, 6], receiver.Leftover.ToArray());
        Assert.Equal([4, 5, 6], initiator.Leftover.ToArray());
        Assert.Throws<InvalidOperationException>(() => receiver.Feed([0]));
    }

    [Theory]
    [InlineData(CryptoMethods.Plaintext, CryptoMethods.Rc4)]
    [InlineData(CryptoMethods.Rc4, CryptoMethods.Plaintext)]
    public void Fail_WhenNoMethodIsCommon(CryptoMethods provided, CryptoMethods accepted)
    {
        var initiator = Initiator(provided);
        var receiver = Receiver(accepted);

        Talk(initiator, receiver, most => most);

        Assert.Equal(HandshakeStatus.Failed, receiver.Status);
        Assert.Equal(HandshakeStatus.UnderWay, initiator.Status);
    }

    [Fact]
    public void Fail_WhenTheSwarmIsNoneOfOurs()
    {
        var initiator = Initiator(swarm: Swarm.Flip(3));
        var receiver = Receiver();

        Talk(initiator, receiver, most => most);

        Assert.Equal(HandshakeStatus.Failed, receiver.Status);
    }

    [Fact]
    public void NeverThrow_AndHoldLittle_WhateverTheBytes() => Gen.Select(Gen.Byte.Array[0, 1500], Gen.Bool, Gen.Int[1, 700]).Sample((garbage, isReceiver, length) =>
    {
        EncryptionHandshake handshake = isReceiver ? Receiver() : Initiator();
        var most = isReceiver ? KeyExchange.KeyLength + 532 : KeyExchange.KeyLength + 520;
        var fed = 0;

        for (; fed < garbage.Length && handshake.Status == HandshakeStatus.UnderWay; fed += length) handshake.Feed(garbage.AsSpan(fed, Math.Min(length, garbage.Length - fed)));

        Assert.NotEqual(HandshakeStatus.Done, handshake.Status);
        Assert.True(garbage.Length < most || handshake.Status == HandshakeStatus.Failed, "waits for more than may come");
    });

    [Fact]
    public void DrawSecretsWithinTheirBounds()
    {
        var random = new Random(1);
        var drawn = Enumerable.Range(0, 2000).Select(_ => HandshakeSecrets.Draw(random)).ToList();

        Assert.All(drawn, s => Assert.Equal(KeyExchange.ExponentLength, s.Exponent.Length));
        Assert.All(drawn, s => Assert.InRange(s.ZeroPad, 0, EncryptionHandshake.MaxPad));
        Assert.Equal(EncryptionHandshake.MaxPad, drawn.Max(s => s.Pad.Length), 5.0);
        Assert.Equal(0, drawn.Min(s => s.Pad.Length), 5.0);
        Assert.Equal(drawn.Count, drawn.Select(s => Convert.ToHexString(s.Exponent.Span)).Distinct().Count());
    }

    private static byte[] Encrypted(Rc4 stream, byte[] bytes)
    {
        var copy = bytes.ToArray();
        stream.Apply(copy);
        return copy;
    }

    private static byte[] Through(Rc4 outgoing, Rc4 incoming, byte[] bytes) => Encrypted(incoming, Encrypted(outgoing, bytes));
}
