using System.Buffers;
using System.Text;
using CsCheck;
using Shoal.Core;
using Shoal.Wire.Extensions;
using Xunit;

namespace Shoal.Unit.Wire;

public sealed class ExtensionTests
{
    [Fact]
    public void WritesTheHandshakeInOrder()
    {
        var output = new ArrayBufferWriter<byte>();

        new ExtensionHandshake { MetadataId = 2, MetadataSize = 300, Client = "Shoal 0.1", ListenPort = 9000, RequestQueue = 2048 }.Write(output);

        Assert.Equal("d1:md11:ut_metadatai2ee13:metadata_sizei300e1:pi9000e4:reqqi2048e1:v9:Shoal 0.1e", Encoding.ASCII.GetString(output.WrittenSpan));
    }

    [Fact]
    public void ReadsTheHandshakeItWrites()
    {
        var written = new ExtensionHandshake
        {
            MetadataId = 7,
            PexId = 1,
            DontHaveId = 255,
            UploadOnlyId = 3,
            UploadOnly = true,
            PrefersEncryption = true,
            YourAddress = new NetEndPoint([10, 1, 2, 3], 0),
            MetadataSize = 1 << 20,
            Client = "x",
            ListenPort = 1,
            RequestQueue = 3,
        };
        var output = new ArrayBufferWriter<byte>();
        written.Write(output);

        Assert.True(ExtensionHandshake.TryRead(output.WrittenSpan, out var read));
        Assert.Equal(written, read);
    }

    [Fact]
    public void WritesItsKeysSorted()
    {
        var output = new ArrayBufferWriter<byte>();

        new ExtensionHandshake { MetadataId = 2, PexId = 1, DontHaveId = 7, UploadOnlyId = 3, UploadOnly = true, PrefersEncryption = true, YourAddress = new NetEndPoint("abcd"u8, 0), Client = "x" }.Write(output);

        Assert.Equal("d1:ei1e1:md11:lt_donthavei7e11:upload_onlyi3e11:ut_metadatai2e6:ut_pexi1ee11:upload_onlyi1e1:v1:x6:yourip4:abcde", Encoding.ASCII.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData("d4:reqqi500e1:md6:ut_pexi1e11:ut_metadatai3eee", 3, 500)]
    [InlineData("d1:mi5e4:reqq3:abce", 0, 0)]
    [InlineData("d1:md11:ut_metadatai999eee", 0, 0)]
    [InlineData("d1:md11:ut_metadata1:xe4:reqqi-5ee", 0, 0)]
    [InlineData("d1:md11:ut_metadatai1ee6:yourip4:abcd4:xyzzlli1eeee", 1, 0)]
    public void PassesOverWhatItDoesNotKnow(string text, int metadataId, int queue)
    {
        Assert.True(ExtensionHandshake.TryRead(Encoding.ASCII.GetBytes(text), out var read));

        Assert.Equal((metadataId, queue), (read.MetadataId, read.RequestQueue));
    }

    [Theory]
    [InlineData("")]
    [InlineData("i1e")]
    [InlineData("d1:m")]
    [InlineData("d1:md11:ut_metadatai1e")]
    [InlineData("d1:pi99999999999999999999ee")]
    public void RefusesWhatIsNoDictionary(string text) => Assert.False(ExtensionHandshake.TryRead(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void RefusesAHandshakeThatIsTooLong()
    {
        var padding = new string('x', ExtensionHandshake.MaxLength);

        Assert.False(ExtensionHandshake.TryRead(Encoding.ASCII.GetBytes($"d1:x{padding.Length}:{padding}e"), out _));
    }

    [Fact]
    public void NeverThrows_WhateverComes() => Gen.OneOf(
        Gen.Byte.Array[0, 60],
        Gen.OneOf("d", "e", "l", "1:m", "1:v", "i1e", "i-3e", "8:msg_type", "5:piece", "3:abc", "4:reqq", "99:x").Array[0, 12].Select(parts => Encoding.ASCII.GetBytes("d" + string.Concat(parts))))
        .Sample(bytes =>
        {
            ExtensionHandshake.TryRead(bytes, out _);
            MetadataMessage.TryRead(bytes, out _, out _);
            PexMessage.TryRead(bytes, out _);
        }, iter: 5000);

    [Fact]
    public void TakesFromANameWhatWouldDriveATerminal()
    {
        var text = "d1:v14:\u001b[31mA\u202eB\r\n\u0000e";
        var bytes = Encoding.UTF8.GetBytes(text);
        bytes = [.. "d1:v"u8, .. Encoding.ASCII.GetBytes($"{bytes.Length - 8}"), .. bytes.AsSpan(6)];

        Assert.True(ExtensionHandshake.TryRead(bytes, out var read));
        Assert.Equal("[31mAB", read.Client);
    }

    [Fact]
    public void NamesAClientByItsPeerId()
    {
        Assert.Equal("LT2080", ClientName.FromPeerId(new PeerId(new Hash160("-LT2080-abcdefghijkl"u8))));
        Assert.Null(ClientName.FromPeerId(new PeerId(new Hash160("-L\u001b2080-abcdefghijkl"u8))));
        Assert.Null(ClientName.FromPeerId(new PeerId(new Hash160("M7-0-0--abcdefghijkl"u8))));
    }

    [Fact]
    public void ReadsTheMetadataMessagesItWrites()
    {
        var written = new MetadataMessage(MetadataMessageType.Data, 3, 70_000);
        var output = new ArrayBufferWriter<byte>();
        written.Write(output);
        output.Write("data"u8);

        Assert.StartsWith("d8:msg_typei1e5:piecei3e10:total_sizei70000ee", Encoding.ASCII.GetString(output.WrittenSpan), StringComparison.Ordinal);
        Assert.True(MetadataMessage.TryRead(output.WrittenSpan, out var read, out var data));
        Assert.Equal(written, read);
        Assert.Equal("data"u8, data);
    }

    [Theory]
    [InlineData("d8:msg_typei0ee")]
    [InlineData("d5:piecei0ee")]
    [InlineData("d8:msg_typei0e5:piecei-1ee")]
    [InlineData("d8:msg_typei0e5:piecei4294967296ee")]
    [InlineData("d8:msg_typei0e5:piecei1e")]
    public void RefusesMetadataMessagesThatSayNothing(string text) => Assert.False(MetadataMessage.TryRead(Encoding.ASCII.GetBytes(text), out _, out _));
}
