using System.Numerics;
using CsCheck;
using Shoal.Core;
using Xunit;

namespace Shoal.Unit.Core;

public sealed class Hash160Tests
{
    private static readonly Gen<byte[]> Bytes = Gen.Byte.Array[Hash160.Length];

    [Fact]
    public void GivesBackItsBytes() => Bytes.Sample(bytes => new Hash160(bytes).ToArray().SequenceEqual(bytes));

    [Fact]
    public void ReadsWhatItPrints() => Bytes.Sample(bytes =>
        Hash160.TryParse(new Hash160(bytes).ToString(), out var value) && value == new Hash160(bytes) && value.ToString() == Convert.ToHexStringLower(bytes));

    [Fact]
    public void OrdersAsBigEndianNumbers() => Gen.Select(Bytes, Bytes).Sample((left, right) =>
    {
        var expected = Number(left).CompareTo(Number(right));
        var (a, b) = (new Hash160(left), new Hash160(right));
        Assert.Equal(expected, Math.Sign(a.CompareTo(b)));
        Assert.Equal(expected < 0, a < b);
        Assert.Equal(expected <= 0, a <= b);
        Assert.Equal(expected > 0, a > b);
        Assert.Equal(expected >= 0, a >= b);
    });

    [Fact]
    public void MeasuresDistanceByXor() => Gen.Select(Bytes, Bytes).Sample((left, right) =>
        (new Hash160(left) ^ new Hash160(right)).ToArray().SequenceEqual(left.Zip(right, (l, r) => (byte)(l ^ r))));

    [Fact]
    public void CountsLeadingZeros()
    {
        for (var bit = 0; bit < Hash160.Bits; bit++)
        {
            var bytes = (BigInteger.One << (Hash160.Bits - 1 - bit)).ToByteArray(isUnsigned: true, isBigEndian: true);
            var padded = new byte[Hash160.Length];
            bytes.CopyTo(padded, padded.Length - bytes.Length);

            Assert.Equal(bit, new Hash160(padded).LeadingZeros);
        }

        Assert.Equal(160, default(Hash160).LeadingZeros);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("000102030405060708090a0b0c0d0e0f1011121")]
    [InlineData("000102030405060708090a0b0c0d0e0f101112131")]
    [InlineData("000102030405060708090a0b0c0d0e0f1011121g")]
    [InlineData("0x0102030405060708090a0b0c0d0e0f10111213")]
    public void RefusesWhatIsNotFortyDigits(string? text) => Assert.False(Hash160.TryParse(text, out _));

    [Fact]
    public void RefusesAnotherLength() => Assert.Throws<ArgumentOutOfRangeException>(() => new Hash160(new byte[21]));

    private static BigInteger Number(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
