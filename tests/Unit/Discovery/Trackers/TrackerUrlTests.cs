using CsCheck;
using Shoal.Discovery.Trackers;
using Xunit;

namespace Shoal.Unit.Discovery.Trackers;

public sealed class TrackerUrlTests
{
    private static readonly Gen<string> Scheme = Gen.Int[0, 4].Select(i => new[] { "http://", "udp://", "https://", "udp://[", "https://xn--" }[i]);

    [Theory]
    [InlineData("http://tracker.example/announce", "http", "tracker.example", 80, "/announce")]
    [InlineData("https://tracker.example:8443/a/announce?passkey=1%2F2", "https", "tracker.example", 8443, "/a/announce?passkey=1%2F2")]
    [InlineData("HTTP://Tracker.Example/announce#part", "http", "tracker.example", 80, "/announce")]
    [InlineData("udp://10.0.0.1:6969", "udp", "10.0.0.1", 6969, "/")]
    [InlineData("udp://[2001:db8::1]:6969/announce", "udp", "2001:db8::1", 6969, "/announce")]
    public void ReadsItsParts(string text, string scheme, string host, int port, string path)
    {
        Assert.True(TrackerUrl.TryParse(text, out var url));

        Assert.Equal((scheme, host, port, path), (url.Scheme, url.Host, url.Port, url.PathAndQuery));
        Assert.Equal(text, url.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tracker.example/announce")]
    [InlineData("ftp://tracker.example/announce")]
    [InlineData("wss://tracker.example/announce")]
    [InlineData("file:///etc/passwd")]
    [InlineData("udp://tracker.example")]
    [InlineData("udp://tracker.example:0")]
    [InlineData("udp://tracker.example:65536")]
    [InlineData("http:///announce")]
    [InlineData("http://tracker.example/ann ounce")]
    [InlineData("http://tracker.example/\r\nHost: other")]
    public void RefusesWhatIsNone(string text) => Assert.False(TrackerUrl.TryParse(text, out _));

    [Fact]
    public void RefusesWhatIsTooLong() => Assert.False(TrackerUrl.TryParse("http://a/" + new string('x', TrackerUrl.MaxLength), out _));

    [Fact]
    public void ShowsNoKeyOfTheUser()
    {
        Assert.True(TrackerUrl.TryParse("http://me:secret@[::1]:99/secret/announce?secret", out var url));

        Assert.Equal("http://[::1]:99", url.Shown);
        Assert.Equal("http://[::1]:99/x?%61=%FF", url.With("/x?%61=%FF").ToString());
    }

    [Fact]
    public void NeverThrows_WhateverTheText() => Gen.OneOf(
            Gen.String,
            Gen.Select(Scheme, Gen.String, (scheme, rest) => scheme + rest),
            Gen.Select(Scheme, Gen.String[Gen.Char["[]:/?#@%.-_ax019\u00e4\u3002"], 0, 40], (scheme, rest) => scheme + rest))
        .Sample(text =>
        {
            if (!TrackerUrl.TryParse(text, out var url)) return;

            Assert.InRange(url.Port, 1, ushort.MaxValue);
            Assert.StartsWith("/", url.PathAndQuery, StringComparison.Ordinal);
            Assert.DoesNotContain(url.PathAndQuery, c => c > 126 || c <= ' ');
            Assert.Equal(url.Scheme, url.With(url.PathAndQuery).Scheme);
        });
}
