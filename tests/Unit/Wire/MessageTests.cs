using System.Buffers;
using CsCheck;
using Shoal.Core;
using Shoal.Core.Merkle;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Wire;

public sealed class MessageTests
{
    private const int Max = 1 << 16;

    [Fact]
    public void WritesTheBytesOfTheSpecification()
    {
        Assert.Equal([0, 0, 0, 0], Written(MessageWriter.WriteKeepAlive));
        Assert.Equal([0, 0, 0, 1, 2], Written(o => MessageWriter.Write(o, MessageType.Interested)));
        Assert.Equal([0, 0, 0, 5, 4, 0, 0, 1, 2], Written(o => MessageWriter.WriteHave(o, 0x102)));
        Assert.Equal([0, 0, 0, 13, 6, 0, 0, 0, 1, 0, 0, 0x40, 0, 0, 0, 0x40, 0], Written(o => MessageWriter.WriteRequest(o, MessageType.Request, new BlockRequest(1, 0x4000, 0x4000))));
        Assert.Equal([0, 0, 0, 3, 9, 0x21, 0x14], Written(o => MessageWriter.WritePort(o, 8468)));
        Assert.Equal([0, 0, 0, 5, 20, 3, 1, 2, 3], Written(o => MessageWriter.WriteExtended(o, 3, [1, 2], [3])));
    }

    [Fact]
    public void WritesBitfieldsFromTheHighBit()
    {
        var bitfield = new Bitfield(10);
        bitfield.Set(0);
        bitfield.Set(9);

        Assert.Equal([0, 0, 0, 3, 5, 0x80, 0x40], Written(o => MessageWriter.WriteBitfield(o, bitfield)));
    }

    [Fact]
    public void HeadsABlockWithItsPlace()
    {
        var head = new byte[MessageWriter.PieceHeaderLength];

        MessageWriter.WritePieceHeader(head, new BlockRequest(2, 0x4000, 100));

        Assert.Equal([0, 0, 0, 109, 7, 0, 0, 0, 2, 0, 0, 0x40, 0], head);
    }

    [Fact]
    public void CutsAStreamWhereverItIsBroken() => Gen.Select(Gen.Byte, Gen.Byte.Array[0, 40]).Array[1, 10].Sample(messages =>
    {
        var stream = messages.SelectMany(m => (byte[])[0, 0, 0, (byte)(1 + m.Item2.Length), m.Item1, .. m.Item2]).ToArray();
        var read = new List<(byte, byte[])>();
        var from = 0;
        for (var to = 0; to <= stream.Length; to++)
        {
            while (MessageReader.TryRead(stream.AsSpan(from, to - from), Max, out var length, out var type, out var payload) == MessageStatus.Whole)
            {
                read.Add(((byte)type!.Value, payload.ToArray()));
                from += length;
            }
        }

        Assert.Equal(stream.Length, from);
        Assert.Equal(messages.Select(m => m.Item1), read.Select(m => m.Item1));
        Assert.All(messages.Zip(read), p => Assert.Equal(p.First.Item2, p.Second.Item2));
    }, iter: 200);

    [Fact]
    public void NeverThrows_WhateverComes() => Gen.Byte.Array[0, 100].Sample(bytes =>
    {
        var status = MessageReader.TryRead(bytes, 50, out var consumed, out _, out var payload);

        Assert.True(status != MessageStatus.Whole || (consumed <= bytes.Length && payload.Length < 50));
        BlockRequest.TryRead(bytes, out _);
        HashRequest.TryRead(bytes, out _);
        Handshake.TryRead(bytes, out _);
    }, iter: 2000);

    [Theory]
    [InlineData(65537)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    public void RefusesALengthBeforeBelievingIt(int length) =>
        Assert.Equal(MessageStatus.TooLong, MessageReader.TryRead(Harness.Wire.ScriptedPeer.Number(length), Max, out _, out _, out _));

    [Fact]
    public void SaysHowLongAMessageWillBe()
    {
        Assert.Equal(MessageStatus.Incomplete, MessageReader.TryRead([0, 0, 1, 0, 7], Max, out var length, out _, out _));

        Assert.Equal(260, length);
    }

    [Fact]
    public void ReadsTheRequestsItWrites() => Gen.Select(Gen.Int, Gen.Int, Gen.Int).Sample((piece, begin, length) =>
    {
        var payload = new byte[BlockRequest.PayloadLength];
        new BlockRequest(piece, begin, length).Write(payload);

        Assert.True(BlockRequest.TryRead(payload, out var read));
        Assert.Equal(new BlockRequest(piece, begin, length), read);
        Assert.False(BlockRequest.TryRead(payload.AsSpan(1), out _));
    }, iter: 100);

    [Fact]
    public void ReadsTheHashRequestsItWrites() => Gen.Int.Array[4].Sample(n =>
    {
        var written = new HashRequest(new FileId(Shoal.Core.Hash.Sha256([1])), new HashRange(n[0], n[1], n[2], n[3]));
        var payload = new byte[HashRequest.PayloadLength];
        written.Write(payload);

        Assert.True(HashRequest.TryRead(payload, out var read));
        Assert.Equal(written, read);
        Assert.False(HashRequest.TryRead(payload.AsSpan(1), out _));
    }, iter: 100);

    private static byte[] Written(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }
}
