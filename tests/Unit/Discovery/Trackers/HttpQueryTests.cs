using Shoal.Core;
using Shoal.Discovery.Trackers;
using Shoal.Discovery.Trackers.Http;
using Xunit;

namespace Shoal.Unit.Discovery.Trackers;

public sealed class HttpQueryTests
{
    private static readonly AnnounceRequest Request = new()
    {
        Torrent = new Hash160([0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x12, 0x34, 0x56, 0x78, 0x9a]),
        PeerId = new PeerId(new Hash160("-SH0100-0123456789ab"u8)),
        Port = 9000,
        Counts = new AnnounceCounts(1, 2, 3),
        Wanted = 50,
        Key = 0xAB,
    };

    private const string Torrent = "info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A"; // the example that the wiki of the protocol gives
    private const string Rest = "&peer_id=-SH0100-0123456789ab&port=9000&uploaded=1&downloaded=2&left=3&compact=1&no_peer_id=1&numwant=50&key=000000AB";

    [Theory]
    [InlineData("http://t/announce", "/announce?")]
    [InlineData("http://t/announce?", "/announce?")]
    [InlineData("http://t/announce?passkey=%2B", "/announce?passkey=%2B&")]
    [InlineData("http://t/announce?passkey=1&", "/announce?passkey=1&")]
    public void WritesEveryField(string url, string begin) => Assert.Equal(begin + Torrent + Rest, HttpQuery.Announce(Read(url), Request));

    [Theory]
    [InlineData(AnnounceEvent.Started, "&event=started")]
    [InlineData(AnnounceEvent.Completed, "&event=completed")]
    [InlineData(AnnounceEvent.Stopped, "&event=stopped")]
    public void WritesEventAndTrackerId(AnnounceEvent reason, string word) =>
        Assert.EndsWith(Rest + word + "&trackerid=a%26%00", HttpQuery.Announce(Read("http://t/announce"), Request with { Event = reason, TrackerId = "a&\0"u8.ToArray() }), StringComparison.Ordinal);

    [Theory]
    [InlineData("http://t/announce", "/scrape?")]
    [InlineData("http://t/x/announce", "/x/scrape?")]
    [InlineData("http://t/announce.php", "/scrape.php?")]
    [InlineData("http://t/announce?x2%0644", "/scrape?x2%0644&")]
    public void ScrapesWhereTheConventionSays(string url, string begin)
    {
        Assert.True(HttpQuery.TryScrape(Read(url), [Request.Torrent, Request.Torrent], out var query));
        Assert.Equal($"{begin}{Torrent}&{Torrent}", query);
    }

    [Theory]
    [InlineData("http://t/a")]
    [InlineData("http://t/announce/")]
    [InlineData("http://t/announce?x=2/4")]
    [InlineData("http://t/x%064announce")]
    public void ScrapesNobodyElse(string url)
    {
        var scrapes = HttpQuery.TryScrape(Read(url), [Request.Torrent], out var query);

        Assert.Equal(url.Contains("announce?", StringComparison.Ordinal), scrapes);
        Assert.Equal(scrapes, query.StartsWith("/scrape?x=2/4&", StringComparison.Ordinal));
    }

    private static TrackerUrl Read(string url) => TrackerUrl.TryParse(url, out var read) ? read : throw new ArgumentException(url);
}
