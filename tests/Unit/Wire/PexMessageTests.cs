using System.Buffers;
using System.Text;
using CsCheck;
using Shoal.Core;
using Shoal.Wire.Extensions;
using Xunit;

namespace Shoal.Unit.Wire;

public sealed class PexMessageTests
{
    private static readonly NetEndPoint V4 = At("1.2.3.4:5"), V6 = At("[2001:db8::1]:6");

    [Fact]
    public void WritesTheBytesOfTheSpecification()
    {
        var message = new PexMessage { Added = [new PexPeer(V4, PexFlags.UploadOnly | PexFlags.Reachable), new PexPeer(V6, 0)], Dropped = [At("9.9.9.9:9"), V6] };

        var bytes = Write(message);

        byte[] v6 = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 6];
        byte[] expected =
        [
            .. "d5:added6:"u8, 1, 2, 3, 4, 0, 5, .. "7:added.f1:"u8, 0x12, .. "6:added618:"u8, .. v6, .. "8:added6.f1:"u8, 0,
            .. "7:dropped6:"u8, 9, 9, 9, 9, 0, 9, .. "8:dropped618:"u8, .. v6, .. "e"u8,
        ];
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void ReadsWhatItWrites()
    {
        var message = new PexMessage { Added = [new PexPeer(V4, PexFlags.PrefersEncryption), new PexPeer(V6, PexFlags.Utp)], Dropped = [At("9.9.9.9:9"), V6] };

        Assert.True(PexMessage.TryRead(Write(message), out var read));
        Assert.Equal(message.Added, read.Added);
        Assert.Equal(message.Dropped, read.Dropped);
    }

    [Theory]
    [InlineData("de", 0, 0)]
    [InlineData("d5:added12:abcdefghijkle", 2, 0)]
    [InlineData("d5:added8:abcdefgh7:added.f0:e", 1, 0)]
    [InlineData("d5:addedi3e7:added.f3:abc7:droppedle7:unknown1:xe", 0, 0)]
    [InlineData("d7:dropped6:abcdef7:added.f9:zzzzzzzzz5:added6:abcdefe", 1, 1)]
    [InlineData("d6:added617:abcdefghijklmnopqe", 0, 0)]
    public void TakesWhatIsWhole_AndPassesOverTheRest(string text, int added, int dropped)
    {
        Assert.True(PexMessage.TryRead(Encoding.ASCII.GetBytes(text), out var read));

        Assert.Equal((added, dropped), (read.Added.Count, read.Dropped.Count));
    }

    [Theory]
    [InlineData("")]
    [InlineData("le")]
    [InlineData("d5:added99:x")]
    [InlineData("d5:added6:abcdef")]
    public void RefusesWhatIsNoDictionary(string text) => Assert.False(PexMessage.TryRead(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void ReadsNoMoreThanItMay()
    {
        byte[] many = [.. Enumerable.Range(0, 10_000).SelectMany(i => new byte[] { 1, 2, (byte)(i >> 8), (byte)i, 0, 1 })];

        Assert.True(PexMessage.TryRead([.. Encoding.ASCII.GetBytes($"d5:added{many.Length}:"), .. many, .. Encoding.ASCII.GetBytes($"7:dropped{many.Length}:"), .. many, (byte)'e'], out var read));

        Assert.Equal((PexMessage.MaxRead, PexMessage.MaxRead), (read.Added.Count, read.Dropped.Count));
    }

    [Fact]
    public void NeverThrows_WhateverComes() => Gen.OneOf("d", "e", "5:added", "6:added6", "7:added.f", "8:added6.f", "7:dropped", "8:dropped6", "6:abcdef", "18:abcdefghijklmnopqr", "3:abc", "i1e", "le", "99:x").Array[0, 14]
        .Sample(parts =>
        {
            if (!PexMessage.TryRead(Encoding.ASCII.GetBytes("d" + string.Concat(parts)), out var read)) return;

            Assert.True(read.Added.Count <= PexMessage.MaxRead && read.Dropped.Count <= PexMessage.MaxRead);
        }, iter: 5000);

    private static NetEndPoint At(string text) => NetEndPoint.TryParse(text, out var endPoint) ? endPoint : throw new ArgumentException(text);

    private static byte[] Write(PexMessage message)
    {
        var output = new ArrayBufferWriter<byte>();
        message.Write(output);
        return output.WrittenSpan.ToArray();
    }
}
