using System.Text;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;
using Xunit;

namespace Shoal.Unit.Dht.Krpc;

/// <summary>The test vectors of BEP 44.</summary>
public sealed class Bep44VectorTests
{
    private const string PublicKey = "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548";
    private const string MutableTarget = "4a533d47ec9c7d95b1ad75f576cffc641853b750";
    private const string SaltedTarget = "411eba73b6f087ca51a3795d9c8c938d365e32c1";
    private const string ImmutableTarget = "e5f96f6f38320f0f33959cb4d3d656452117aadb";

    private const string MutableSignature =
        "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01";

    private const string SaltedSignature =
        "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17ddf9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08";

    private static ReadOnlySpan<byte> Value => "12:Hello World!"u8;

    [Theory]
    [InlineData("", "3:seqi1e1:v12:Hello World!")]
    [InlineData("foobar", "4:salt6:foobar3:seqi1e1:v12:Hello World!")]
    public void SignsTheBufferOfTheText(string salt, string expected)
    {
        var signed = new byte[100];
        var length = DhtItem.WriteSigned(Value, 1, Encoding.Latin1.GetBytes(salt), signed);

        Assert.Equal(expected, Encoding.Latin1.GetString(signed, 0, length));
    }

    [Theory]
    [InlineData("", MutableTarget, MutableSignature)]
    [InlineData("foobar", SaltedTarget, SaltedSignature)]
    public void TakesMutableItemOfTheText(string salt, string target, string signature)
    {
        var saltBytes = Encoding.Latin1.GetBytes(salt);

        Assert.Equal(Target(target), DhtItem.TargetOf(Convert.FromHexString(PublicKey), saltBytes));
        Assert.True(DhtItem.TryVerify(Target(target), saltBytes, Answer(PublicKey, signature), out var item));
        Assert.True(item.IsMutable);
        Assert.Equal((Target(target), 1), (item.Target, item.Sequence));
        Assert.True(item.Value.Span.SequenceEqual(Value));
    }

    [Fact]
    public void TakesImmutableItemOfTheText()
    {
        Assert.Equal(Target(ImmutableTarget), DhtItem.Create(Value).Target);
        Assert.True(DhtItem.TryVerify(Target(ImmutableTarget), default, new KrpcMessage { Value = Value }, out var item));
        Assert.False(item.IsMutable);
    }

    [Fact]
    public void RefusesItem_WhenAnythingDiffers()
    {
        var wrong = MutableSignature[..^1] + "0";
        var answer = Answer(PublicKey, MutableSignature);

        Assert.False(DhtItem.TryVerify(Target(MutableTarget), default, Answer(PublicKey, wrong), out _));
        Assert.False(DhtItem.TryVerify(Target(SaltedTarget), default, answer, out _));
        Assert.False(DhtItem.TryVerify(Target(MutableTarget), "foobar"u8, answer, out _));
        Assert.False(DhtItem.TryVerify(Target(MutableTarget), new byte[65], answer, out _));
        answer.Sequence = 2;
        Assert.False(DhtItem.TryVerify(Target(MutableTarget), default, answer, out _));
        answer.Sequence = null;
        Assert.False(DhtItem.TryVerify(Target(MutableTarget), default, answer, out _));
        Assert.False(DhtItem.TryVerify(Target(MutableTarget), default, new KrpcMessage { Value = Value }, out _));
    }

    [Fact]
    public void WritesQueries_WithKeysInOrder()
    {
        var self = new NodeId(new Hash160("abcdefghij0123456789"u8));
        var target = new Hash160("mnopqrstuvwxyz123456"u8);
        var item = DhtItem.Sign(new ItemKey(new byte[32]), Value, 4, "foobar"u8);

        Assert.Equal(
            "d1:ad2:id20:abcdefghij01234567893:seqi3e6:target20:mnopqrstuvwxyz123456e1:q3:get1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.Get("aa"u8, self, readOnly: false, target, 3, Want.None)));
        Assert.Equal(
            "d1:ad2:id20:abcdefghij01234567895:token3:abc1:v12:Hello World!e1:q3:put1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.Put("aa"u8, self, readOnly: false, DhtItem.Create(Value), "abc"u8, cas: 3)));
        Assert.Equal(
            $"d1:ad3:casi3e2:id20:abcdefghij01234567891:k32:{Text(item.PublicKey)}4:salt6:foobar3:seqi4e3:sig64:{Text(item.Signature)}"
            + "5:token3:abc1:v12:Hello World!e1:q3:put1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.Put("aa"u8, self, readOnly: false, item, "abc"u8, cas: 3)));
    }

    private static KrpcMessage Answer(string key, string signature) =>
        new() { Key = Convert.FromHexString(key), Signature = Convert.FromHexString(signature), Sequence = 1, Value = Value };

    private static Hash160 Target(string hex)
    {
        Assert.True(Hash160.TryParse(hex, out var target));
        return target;
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.Latin1.GetString(bytes.Span);

    private static string Written(Action<KrpcWriter> write)
    {
        var outbox = new Outbox();
        write(outbox.Writer);
        outbox.End(default);
        return Encoding.Latin1.GetString(outbox.Datagram(0));
    }
}
