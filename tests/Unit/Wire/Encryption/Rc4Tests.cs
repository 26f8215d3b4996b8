using Shoal.Wire.Encryption;
using Xunit;

namespace Shoal.Unit.Wire.Encryption;

public sealed class Rc4Tests
{
    [Theory]
    [InlineData("0102030405", 0, "b2396305f03dc027ccc3524a0a1118a86982944f18fc82d589c403a47a0d0919")]
    [InlineData("0102030405", 240, "28cb1132c96ce286421dcaadb8b69eae")]
    [InlineData("0102030405", 1024, "30abbcc7c20b01609f23ee2d5f6bb7df")]
    [InlineData("0102030405", 4096, "ff25b58995996707e51fbdf08b34d875")]
    [InlineData("0102030405060708090a0b0c0d0e0f10", 0, "9ac7cc9a609d1ef7b2932899cde41b975248c4959014126a6e8a84f11d1a9e1c")]
    [InlineData("0102030405060708090a0b0c0d0e0f10", 1024, "bdf0324e6083dcc6d3cedd3ca8c53c16")]
    [InlineData("0102030405060708090a0b0c0d0e0f10", 1520, "b40110c4190b5622a96116b0017ed297")]
    [InlineData("0102030405060708090a0b0c0d0e0f10", 4096, "a36a4c301ae8ac13610ccbc12256cacc")]
    public void GivesTheStreamOfRfc6229(string key, int offset, string expected)
    {
        var stream = new Rc4(Convert.FromHexString(key));
        var bytes = new byte[expected.Length / 2];

        stream.Skip(offset);
        stream.Apply(bytes);

        Assert.Equal(expected, Convert.ToHexStringLower(bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(1000)]
    public void GivesTheSame_HoweverTheBytesAreCut(int length)
    {
        var source = new byte[length];
        new Random(length).NextBytes(source);
        var (whole, cut) = (new byte[length], new byte[length]);
        var (one, other) = (new Rc4([1, 2, 3]), new Rc4([1, 2, 3]));

        one.Apply(source, whole);
        for (int at = 0, part = 1; at < length; at += part++) other.Apply(source.AsSpan(at, Math.Min(part, length - at)), cut.AsSpan(at));

        Assert.Equal(whole, cut);
        new Rc4([1, 2, 3]).Apply(cut);
        Assert.Equal(source, cut);
    }

    [Fact]
    public void RefusesKeysItCannotUse()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rc4([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rc4(new byte[257]));
    }
}
