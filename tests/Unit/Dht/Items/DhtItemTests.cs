using System.Text;
using CsCheck;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;
using Xunit;

namespace Shoal.Unit.Dht.Items;

public sealed class DhtItemTests
{
    private static readonly ItemKey Key = ItemKey.Create(new Random(1));

    [Theory]
    [InlineData("")]
    [InlineData("12:Hello")]
    [InlineData("i1ei2e")]
    [InlineData("i01e")]
    [InlineData("d1:bi1e1:ai1ee")]
    public void RefusesValue_ThatIsNotOneCanonicalValue(string value) =>
        Assert.Throws<ArgumentException>(() => DhtItem.Create(Encoding.Latin1.GetBytes(value)));

    [Fact]
    public void TakesValueOfThousandBytes_AndNoMore()
    {
        Assert.Equal(DhtItem.MaxValueLength, DhtItem.Create(Encoding.Latin1.GetBytes("996:" + new string('x', 996))).Value.Length);
        Assert.Throws<ArgumentException>(() => DhtItem.Create(Encoding.Latin1.GetBytes("997:" + new string('x', 997))));
    }

    [Fact]
    public void RefusesSalt_WhenItIsTooLong() => Assert.ThrowsAny<ArgumentException>(() => DhtItem.Sign(Key, "i1e"u8, 1, new byte[65]));

    [Fact]
    public void ProvesWhatItSigned() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Byte.Array[0, DhtItem.MaxSaltLength]).Sample((sequence, salt) =>
        {
            var item = DhtItem.Sign(Key, "i1e"u8, sequence, salt);
            Assert.True(DhtItem.TryVerify(item.Target, salt, Answer(item), out var proven));
            Assert.Equal((item.Target, sequence), (proven.Target, proven.Sequence));
        }, iter: 20);

    [Fact]
    public void TakesWhatWasSignedElsewhere()
    {
        var item = DhtItem.Sign(Key, "5:Hello"u8, 3, "salt"u8);

        Assert.True(DhtItem.TryCreate(item.PublicKey.Span, item.Value.Span, 3, "salt"u8, item.Signature.Span, out var same));
        Assert.Equal((item.Target, 3), (same.Target, same.Sequence));
    }

    [Fact]
    public void RefusesWhatWasNotSignedSo()
    {
        var item = DhtItem.Sign(Key, "5:Hello"u8, 3, "salt"u8);

        Assert.False(DhtItem.TryCreate(item.PublicKey.Span, "5:hello"u8, 3, "salt"u8, item.Signature.Span, out _));
        Assert.False(DhtItem.TryCreate(item.PublicKey.Span, item.Value.Span, 4, "salt"u8, item.Signature.Span, out _));
        Assert.False(DhtItem.TryCreate(item.PublicKey.Span, item.Value.Span, 3, "pepper"u8, item.Signature.Span, out _));
        Assert.False(DhtItem.TryCreate(item.PublicKey.Span, item.Value.Span, 3, new byte[65], item.Signature.Span, out _));
        Assert.False(DhtItem.TryCreate(item.PublicKey.Span, new byte[2000], 3, "salt"u8, item.Signature.Span, out _));
        Assert.False(DhtItem.TryCreate(item.PublicKey.Span[1..], item.Value.Span, 3, "salt"u8, item.Signature.Span, out _));
        Assert.False(DhtItem.TryCreate(item.PublicKey.Span, item.Value.Span, -1, "salt"u8, item.Signature.Span, out _));
        Assert.False(DhtItem.TryCreate(item.PublicKey.Span, item.Value.Span, 3, "salt"u8, [], out _));
    }

    [Fact]
    public void RefusesAnyOtherKeyAndSignature() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[64]).Sample((key, signature) => !Ed25519.Verify(key, "i1e"u8, signature), iter: 200);

    [Fact]
    public void GivesSameKey_WhenSeedIsSame() => Assert.True(new ItemKey(Key.Seed.Span).PublicKey.Span.SequenceEqual(Key.PublicKey.Span));

    private static KrpcMessage Answer(DhtItem item) => new()
    {
        Key = item.PublicKey.Span,
        Signature = item.Signature.Span,
        Sequence = item.Sequence,
        Value = item.Value.Span,
    };
}
