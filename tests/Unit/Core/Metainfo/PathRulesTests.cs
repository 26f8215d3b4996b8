using System.Text;
using CsCheck;
using Shoal.Core.Metainfo;
using Xunit;

namespace Shoal.Unit.Core.Metainfo;

public sealed class PathRulesTests
{
    [Theory]
    [InlineData("readme.txt")]
    [InlineData("...")]
    [InlineData(" ")]
    [InlineData("\u00e9\u6f22\ud83d\ude00")]
    public void KeepsNamesThatCanStand(string name)
    {
        Assert.True(PathRules.TryDecode(Encoding.UTF8.GetBytes(name), out var element, out var isMended));
        Assert.Equal(name, element);
        Assert.False(isMended);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    public void RefusesNamesThatLeave(string name) => Assert.False(PathRules.TryDecode(Encoding.UTF8.GetBytes(name), out _, out _));

    [Fact]
    public void RefusesOrMendsOverlongDots()
    {
        Assert.True(PathRules.TryDecode([0xC0, 0xAE, 0xC0, 0xAE], out var element, out var isMended));
        Assert.True(isMended);
        Assert.DoesNotContain('.', element);
    }

    [Fact]
    public void ShortensWhatIsTooLongAndKeepsTheExtension() => Gen.Select(Gen.Char["a\u00e9\u6f22"], Gen.Int[1, 600], Gen.OneOf("", ".txt", "." + new string('x', 100))).Sample((letter, count, extension) =>
    {
        var name = new string(letter, count) + extension;
        var bytes = Encoding.UTF8.GetBytes(name);

        Assert.True(PathRules.TryDecode(bytes, out var element, out var isMended));
        Assert.Equal(bytes.Length > 255, isMended);
        Assert.InRange(Encoding.UTF8.GetByteCount(element), 1, 255);
        Assert.DoesNotContain('\uFFFD', element);
        if (extension.Length == 4) Assert.EndsWith(extension, element, StringComparison.Ordinal);
        if (!isMended) Assert.Equal(name, element);
    }, iter: 500);

    [Fact]
    public void MakesAnythingSafe() => Gen.Byte.Array[0, 20].Sample(raw =>
    {
        if (!PathRules.TryDecode(raw, out var element, out var isMended)) return;

        Assert.False(element is "" or "." or ".." || element.Contains('/') || element.Contains('\0'));
        Assert.Equal(!isMended, raw.SequenceEqual(Encoding.UTF8.GetBytes(element)));
    }, iter: 5000);
}
