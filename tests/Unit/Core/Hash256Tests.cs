using System.Numerics;
using CsCheck;
using Shoal.Core;
using Xunit;

namespace Shoal.Unit.Core;

public sealed class Hash256Tests
{
    private static readonly Gen<byte[]> Bytes = Gen.Byte.Array[Hash256.Length];

    [Fact]
    public void GivesBackItsBytes() => Bytes.Sample(bytes => new Hash256(bytes).ToArray().SequenceEqual(bytes));

    [Fact]
    public void ReadsWhatItPrints() => Bytes.Sample(bytes =>
        Hash256.TryParse(new Hash256(bytes).ToString().ToUpperInvariant(), out var value) && value.ToString() == Convert.ToHexStringLower(bytes));

    [Fact]
    public void OrdersAsBigEndianNumbers() => Gen.Select(Bytes, Bytes, Gen.Int[0, Hash256.Length]).Sample((left, right, shared) =>
    {
        left.AsSpan(0, shared).CopyTo(right);
        var expected = Number(left).CompareTo(Number(right));
        var (a, b) = (new Hash256(left), new Hash256(right));

        Assert.Equal(expected, Math.Sign(a.CompareTo(b)));
        Assert.Equal(expected == 0, a == b);
        Assert.Equal(expected < 0, a < b);
        Assert.Equal(expected >= 0, a >= b);
    });

    [Fact]
    public void TruncatesToItsFirstTwentyBytes() => Bytes.Sample(bytes => new Hash256(bytes).Truncated == new Hash160(bytes.AsSpan(0, 20)));

    [Fact]
    public void IsZero_OnlyWhenEveryBitIs() => Gen.Int[0, 255].Sample(bit =>
    {
        var bytes = new byte[Hash256.Length];
        Assert.True(new Hash256(bytes).IsZero);

        bytes[bit / 8] = (byte)(1 << (bit % 8));
        Assert.False(new Hash256(bytes).IsZero);
    });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1")]
    [InlineData("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00")]
    [InlineData("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1 ")]
    public void RefusesWhatIsNotSixtyFourDigits(string? text) => Assert.False(Hash256.TryParse(text, out _));

    [Fact]
    public void HashesAsTheStandardsSay()
    {
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Shoal.Core.Hash.Sha256("abc"u8).ToString());
        Assert.Equal("a9993e364706816aba3e25717850c26c9cd0d89d", Shoal.Core.Hash.Sha1("abc"u8).ToString());
    }

    private static BigInteger Number(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
