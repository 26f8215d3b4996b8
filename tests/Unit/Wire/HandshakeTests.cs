using Shoal.Core;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Wire;

public sealed class HandshakeTests
{
    private static readonly Hash160 Key = Hash160.Random(new Random(1));
    private static readonly PeerId Id = new(Hash160.Random(new Random(2)));

    [Fact]
    public void WritesTheBytesOfTheSpecification()
    {
        var bytes = new byte[Handshake.Length];

        new Handshake(Handshake.ExtensionBit | Handshake.DhtBit | Handshake.FastBit, Key, Id).Write(bytes);

        Assert.Equal([19, .. "BitTorrent protocol"u8, 0, 0, 0, 0, 0, 0x10, 0, 0x05], bytes[..28]);
        Assert.Equal(Key, new Hash160(bytes.AsSpan(28, 20)));
        Assert.Equal(Id.Value, new Hash160(bytes.AsSpan(48, 20)));
    }

    [Fact]
    public void ReadsWhatItWrites()
    {
        var written = new Handshake(0xFFEE_DDCC_BBAA_9988, Key, Id);
        var bytes = new byte[Handshake.Length];
        written.Write(bytes);

        Assert.True(Handshake.TryRead(bytes, out var read));
        Assert.Equal(written, read);
    }

    [Fact]
    public void RefusesAnyOtherOpening()
    {
        var bytes = new byte[Handshake.Length];
        new Handshake(0, Key, Id).Write(bytes);

        Assert.False(Handshake.TryRead(bytes.AsSpan(0, 67), out _));
        for (var i = 0; i < 20; i++)
        {
            bytes[i] ^= 1;
            Assert.False(Handshake.TryRead(bytes, out _));
            bytes[i] ^= 1;
        }
    }
}
