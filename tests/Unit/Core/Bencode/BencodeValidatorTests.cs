using System.Text;
using CsCheck;
using Shoal.Core.Bencode;
using Xunit;

namespace Shoal.Unit.Core.Bencode;

public sealed class BencodeValidatorTests
{
    [Theory]
    [InlineData("d1:ai1e1:bi2ee")]
    [InlineData("d0:i1e1:ai2e2:aai3ee")]
    [InlineData("d1:ad1:bi1ee1:bd1:ai1eee")]
    [InlineData("ld1:bi1eed1:ai1eee")]
    [InlineData("de")]
    [InlineData("le")]
    [InlineData("d1:alee")]
    [InlineData("d1:B0:1:a0:e")]
    public void TakesWhatIsCanonical(string text) => Assert.True(IsWhole(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData("")]
    [InlineData("e")]
    [InlineData("d")]
    [InlineData("l")]
    [InlineData("d1:be")]
    [InlineData("d1:a")]
    [InlineData("d1:bi1e1:ai2ee")]
    [InlineData("d1:ai1e1:ai2ee")]
    [InlineData("d2:aai1e1:ai2ee")]
    [InlineData("di1ei2ee")]
    [InlineData("dlei2ee")]
    [InlineData("d1:ad1:bi1e1:ai1eee")]
    [InlineData("d1:ai1e1:be")]
    [InlineData("li01ee")]
    [InlineData("l01:ae")]
    [InlineData("li-0ee")]
    public void RefusesWhatIsNot(string text) => Assert.False(BencodeValidator.TryMeasure(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void MeasuresTheValueAndNotWhatFollows() => Gen.Select(BenGen.Value, Gen.Byte.Array[0, 8]).Sample((value, rest) =>
    {
        var bytes = Ben.Of(value);

        Assert.True(BencodeValidator.TryMeasure([.. bytes, .. rest], out var length));
        Assert.Equal(bytes.Length, length);
    }, iter: 2000);

    [Fact]
    public void RefusesEveryPrefix() => BenGen.Value.Sample(value =>
    {
        var bytes = Ben.Of(value);
        for (var length = 0; length < bytes.Length; length++) Assert.False(IsWhole(bytes[..length]));
    }, iter: 500);

    [Fact]
    public void TakesOnlyWhatTheReaderSkipsToTheSamePlace() => Gen.OneOf(Gen.Byte.Array[0, 60], BenGen.Mutated).Sample(bytes =>
    {
        if (!BencodeValidator.TryMeasure(bytes, out var length)) return;

        var reader = new BencodeReader(bytes);
        Assert.True(reader.TrySkip());
        Assert.Equal(length, reader.Position);
    }, iter: 5000);

    [Theory]
    [InlineData(BencodeReader.MaxDepth, true)]
    [InlineData(BencodeReader.MaxDepth + 1, false)]
    [InlineData(1_000_000, false)]
    public void BoundsDepth(int depth, bool expected)
    {
        Assert.Equal(expected, IsWhole(Encoding.ASCII.GetBytes(new string('l', depth) + new string('e', depth))));
        Assert.Equal(expected, IsWhole(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("d1:a", depth - 1)) + "de" + new string('e', depth - 1))));
    }

    private static bool IsWhole(byte[] bytes) => BencodeValidator.TryMeasure(bytes, out var length) && length == bytes.Length;
}
