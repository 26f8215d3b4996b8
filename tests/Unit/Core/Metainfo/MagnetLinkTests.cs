using CsCheck;
using Shoal.Core;
using Shoal.Core.Metainfo;
using Xunit;

namespace Shoal.Unit.Core.Metainfo;

public sealed class MagnetLinkTests
{
    private const string Hex64 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    private const string Hex40 = "00112233445566778899aabbccddeeff00112233";
    private const string V2 = "xt=urn:btmh:1220" + Hex64;
    private const string V1 = "xt=urn:btih:" + Hex40;

    [Fact]
    public void ReadsEveryPart()
    {
        var link = Parse($"magnet:?{V2}&{V1}&dn=My+file%20%2B.txt&x.pe=10.0.0.5:9000&x.pe=[::1]:9&tr=http%3A%2F%2Fa%2F%3Fb%3Dc&ws=http://x/+y&so=0,2,4-6");

        Assert.Equal(Hex64, link.InfoHash.ToString());
        Assert.Equal(Hex40, link.InfoHashV1.ToString());
        Assert.Equal("My file +.txt", link.Name);
        Assert.Equal(["10.0.0.5:9000", "[::1]:9"], link.Peers);
        Assert.Equal(["http://a/?b=c"], link.Trackers);
        Assert.Equal(["http://x/+y"], link.WebSeeds);
        Assert.Equal("0,2,4-6", link.SelectOnly);
    }

    [Fact]
    public void PrintsAReadableLink()
    {
        var link = Parse($"magnet:?{V2}&dn=a%20b&x.pe=1.2.3.4:9&x.pe=[::1]:9&so=1-2,4");

        Assert.Equal($"magnet:?{V2}&dn=a%20b&x.pe=1.2.3.4:9&x.pe=[::1]:9&so=1-2,4", link.ToString());
    }

    [Fact]
    public void ReadsWhatItPrints()
    {
        var text = Gen.OneOf(Gen.String[Gen.Char.AlphaNumeric, 1, 10], Gen.String[Gen.Char["a&=%+#? /:\u00e9\u6f22[],;"], 1, 10]);
        var name = text.Select(t => t.Replace('/', '-'));
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[20], Gen.Int[0, 2], name, text.Array[0, 3], text.Array[0, 3], text).Sample((v2, v1, kinds, name, peers, urls, so) =>
        {
            var link = new MagnetLink
            {
                InfoHash = kinds == 1 ? null : new InfoHash(new Hash256(v2)),
                InfoHashV1 = kinds == 0 ? null : new Hash160(v1),
                Name = name,
                Peers = peers,
                Trackers = urls,
                WebSeeds = urls,
                SelectOnly = so,
            };

            var read = Parse(link.ToString());

            Assert.Equal((link.InfoHash, link.InfoHashV1, link.Name, link.SelectOnly), (read.InfoHash, read.InfoHashV1, read.Name, read.SelectOnly));
            Assert.Equal(peers, read.Peers);
            Assert.Equal(urls, read.Trackers);
            Assert.Equal(urls, read.WebSeeds);
        }, iter: 1000);
    }

    [Fact]
    public void ReadsBase32()
    {
        Assert.Equal(Hex40, Parse("magnet:?xt=urn:btih:AAISEM2EKVTHPCEZVK54ZXPO74ABCIRT").InfoHashV1.ToString());
        Assert.Equal(Hex40, Parse("magnet:?xt=urn:btih:aaisem2ekvthpcezvk54zxpo74abcirt").InfoHashV1.ToString());
        Assert.Equal(new string('f', 40), Parse("magnet:?xt=urn:btih:77777777777777777777777777777777").InfoHashV1.ToString());
    }

    [Theory]
    [InlineData("MAGNET:?XT=URN:BTMH:1220" + Hex64)]
    [InlineData("magnet:?xt.1=urn:btmh:1220" + Hex64)]
    [InlineData("magnet:?xt=urn%3Abtmh%3A1220" + Hex64)]
    [InlineData("magnet:?&&dn=a&" + V2 + "&")]
    [InlineData("magnet:?xt=urn:ed2k:abc&" + V2)]
    [InlineData("magnet:?" + V2 + "&" + V2)]
    [InlineData("magnet:?=x&novalue&" + V2)]
    public void Takes(string text) => Assert.Equal(Hex64, Parse(text).InfoHash.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("magnet:")]
    [InlineData("magnet:?")]
    [InlineData("magnet:?dn=a")]
    [InlineData("magnet:?xt=")]
    [InlineData("magnet:?xt=urn:btmh:")]
    [InlineData("magnet:?xt=urn:btmh:1220")]
    [InlineData("magnet:?xt=urn:btmh:" + Hex64)]
    [InlineData("magnet:?xt=urn:btmh:1120" + Hex64)]
    [InlineData("magnet:?xt=urn:btmh:1220" + Hex64 + "00")]
    [InlineData("magnet:?xt=urn:btmh:1220" + Hex40)]
    [InlineData("magnet:?xt=urn:btih:" + Hex64)]
    [InlineData("magnet:?xt=urn:btih:AAISEM2EKVTHPCEZVK54ZXPO74ABCIR1")]
    [InlineData("magnet:?xt=urn:btih:AAISEM2EKVTHPCEZVK54ZXPO74ABCIR\u017f")]
    [InlineData("magnet:?xt=urn:btih:AAISEM2EKVTHPCEZVK54ZXPO74ABCIRTA")]
    [InlineData("magnet:?xt=urn:ed2k:abc")]
    [InlineData("magnet:?" + V2 + "&xt=urn:btmh:1220ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")]
    [InlineData("magnet:?" + V1 + "&xt=urn:btih:ff112233445566778899aabbccddeeff00112233")]
    [InlineData("magnet:?" + V2 + "&xt=urn:btih:nonsense")]
    [InlineData("magnet:" + V2)]
    [InlineData("http://a/?" + V2)]
    [InlineData(" magnet:?" + V2)]
    public void Refuses(string text) => Assert.False(MagnetLink.TryParse(text, out _));

    [Theory]
    [InlineData("..", null)]
    [InlineData(".", null)]
    [InlineData("", null)]
    [InlineData("..%2F..%2Fetc%2Fpasswd", ".._.._etc_passwd")]
    [InlineData("/etc/passwd", "_etc_passwd")]
    [InlineData("a%00b", "a_b")]
    [InlineData("100%", "100%")]
    [InlineData("100%zz", "100%zz")]
    [InlineData("%FF", "%FF")]
    [InlineData("%C0%AE%C0%AE", "%C0%AE%C0%AE")]
    [InlineData("%e2%82%ac", "\u20ac")]
    [InlineData("%252e", "%2e")]
    [InlineData("a=b", "a=b")]
    public void MakesNamesSafe(string escaped, string? expected) => Assert.Equal(expected, Parse($"magnet:?{V2}&dn={escaped}").Name);

    [Fact]
    public void BoundsHints() => Assert.Equal(100, Parse($"magnet:?{V2}" + string.Concat(Enumerable.Repeat("&tr=x", 5000))).Trackers.Count);

    [Theory]
    [InlineData("64", 64L)]
    [InlineData("9223372036854775807", 9223372036854775807L)]
    [InlineData("-1", null)]
    [InlineData("many", null)]
    public void ReadsAndWritesTheExactLength(string text, long? length)
    {
        var hex = new string('a', 64);

        Assert.True(MagnetLink.TryParse($"magnet:?xt=urn:btmh:1220{hex}&xl={text}", out var link));

        Assert.Equal(length, link.ExactLength);
        Assert.Equal(length is null ? $"magnet:?xt=urn:btmh:1220{hex}" : $"magnet:?xt=urn:btmh:1220{hex}&xl={text}", link.ToString());
    }

    [Fact]
    public void NeverThrows_WhateverTheText()
    {
        var part = Gen.OneOf(
            Gen.String[0, 12],
            Gen.String[Gen.Char["%0123456789abcdefFxtdnsopews.=:&+\ud800\udc00\0"], 0, 20],
            Gen.OneOf("xt=urn:btmh:1220", "xt=urn:btih:", "dn=", "x.pe=", "so=", V2, V1, Hex64));
        part.Array[0, 8].Sample(parts =>
        {
            var text = "magnet:?" + string.Join('&', parts);
            if (!MagnetLink.TryParse(text, out var link)) return;

            var again = Parse(link.ToString());
            Assert.Equal((link.InfoHash, link.InfoHashV1), (again.InfoHash, again.InfoHashV1));
        }, iter: 5000);
    }

    private static MagnetLink Parse(string text)
    {
        Assert.True(MagnetLink.TryParse(text, out var link));
        return link;
    }
}
