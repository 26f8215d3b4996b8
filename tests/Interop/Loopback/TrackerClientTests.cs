using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Core;
using Shoal.Discovery.Trackers;
using Shoal.Discovery.Trackers.Http;
using Shoal.Harness.Trackers;
using Xunit;

namespace Shoal.Interop.Loopback;

public sealed class TrackerClientTests : IAsyncDisposable
{
    private static readonly Hash160 Torrent = new("aaaaaaaaaaaaaaaaaaa\0"u8);
    private readonly TrackerClient _client = new([], "Shoal/test", TimeProvider.System, new Random(1), NullLogger.Instance);

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public async Task AnnouncesOverHttp_AndIsToldOfOthers()
    {
        await using var tracker = new HttpTestTracker();
        await AnnounceAsync(_client, tracker.Url, port: 1111, left: 0);

        var reply = await AnnounceAsync(_client, tracker.Url, port: 2222, left: 5);

        Assert.Null(reply.Failure);
        Assert.Equal(["127.0.0.1:1111"], reply.Peers.Select(p => p.ToString()));
        Assert.Equal((1, 1, TimeSpan.FromSeconds(1800)), (reply.Seeds, reply.Downloaders, reply.Interval));
        Assert.Equal(Torrent, tracker.Seen[1].Torrent);
        Assert.Equal(("started", 5, "00C0FFEE"), (tracker.Seen[1].Event, tracker.Seen[1].Left, tracker.Seen[1].Key));
    }

    [Fact]
    public async Task AnnouncesOverUdp_WithThePathOfTheUrl()
    {
        await using var tracker = new UdpTestTracker();
        await AnnounceAsync(_client, tracker.Url + "?key=1", port: 1111, left: 0);

        var reply = await AnnounceAsync(_client, tracker.Url, port: 2222, left: 5);
        var scraped = await _client.ScrapeAsync(Read(tracker.Url), [Torrent, default], default);

        Assert.Equal(["127.0.0.1:1111"], reply.Peers.Select(p => p.ToString()));
        Assert.Equal(["/announce?key=1", "/announce"], tracker.Seen.Select(s => s.Options));
        Assert.Equal([new ScrapeCounts(1, 1, 0), new ScrapeCounts(0, 0, 0)], scraped!);
        Assert.Equal(1, tracker.Connects);
    }

    [Fact]
    public async Task AnnouncesOverIPv6()
    {
        if (!Socket.OSSupportsIPv6) Assert.Skip("no IPv6 here");
        await using var http = new HttpTestTracker(IPAddress.IPv6Loopback);
        await using var udp = new UdpTestTracker(IPAddress.IPv6Loopback);
        foreach (var url in new[] { http.Url, udp.Url })
        {
            await AnnounceAsync(_client, url, port: 1111, left: 0);
            Assert.Equal(["[::1]:1111"], (await AnnounceAsync(_client, url, port: 2222, left: 0)).Peers.Select(p => p.ToString()));
        }
    }

    [Fact]
    public async Task GoesOutFromTheAddressesItWasGiven()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("only Linux has all of 127/8");
        await using var http = new HttpTestTracker();
        await using var udp = new UdpTestTracker();
        await using var client = new TrackerClient([IPAddress.Parse("127.0.9.9")], "Shoal/test", TimeProvider.System, new Random(1), NullLogger.Instance);

        await AnnounceAsync(client, http.Url, 1, 0);
        await AnnounceAsync(client, udp.Url, 1, 0);

        Assert.Equal("127.0.9.9:1", Assert.Single(http.Seen).From.ToString());
        Assert.Equal("127.0.9.9:1", Assert.Single(udp.Seen).From.ToString());
        Assert.NotNull((await AnnounceAsync(client, "http://[::1]:9/announce", 1, 0)).Failure);
    }

    [Fact]
    public async Task Scrapes()
    {
        await using var tracker = new HttpTestTracker();
        await AnnounceAsync(_client, tracker.Url, port: 1111, left: 0);

        Assert.Equal([null, new ScrapeCounts(1, 0, 0)], (await _client.ScrapeAsync(Read(tracker.Url), [new Hash160(new byte[20]), Torrent], default))!.Select(c => c?.Seeds == 0 ? null : c));
        Assert.Null(await _client.ScrapeAsync(Read(tracker.Root + "/other"), [Torrent], default));
    }

    [Fact]
    public async Task SaysWhatIsWrong_InWordsOfItsOwn()
    {
        await using var tracker = new HttpTestTracker();
        tracker.Scripted = path => path.Split('?')[0] switch
        {
            "/missing" => HttpTestTracker.Response("404 Not Found", "<html>"u8.ToArray()),
            "/refuses" => HttpTestTracker.Response("400 Bad Request", "d14:failure reason8:not heree"u8.ToArray()),
            "/html" => HttpTestTracker.Response("200 OK", "<html>"u8.ToArray()),
            "/garbage" => "\0\u0001garbage\r\n\r\n"u8.ToArray(),
            "/torn" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nd"u8.ToArray(),
            "/claims" => "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nd"u8.ToArray(),
            "/large" => HttpTestTracker.Response("200 OK", new byte[HttpReplyReader.MaxLength + 1]),
            "/bomb" => HttpTestTracker.Response("200 OK", Zip(new byte[64 * 1024 * 1024]), "Content-Encoding: gzip\r\n"),
            "/headers" => Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nX: {new string('x', 100_000)}\r\n\r\n"),
            _ => null,
        };

        async Task<string?> Failure(string path) => (await AnnounceAsync(_client, tracker.Root + path, 1, 1)).Failure;

        Assert.Equal("it answered with HTTP status 404", await Failure("/missing"));
        Assert.Equal("not here", await Failure("/refuses"));
        Assert.Equal("its answer is not that of a tracker", await Failure("/html"));
        Assert.Equal("its answer is not HTTP, or broke off", await Failure("/garbage"));
        Assert.Contains("broke off", await Failure("/torn"), StringComparison.Ordinal);
        foreach (var path in new[] { "/claims", "/large", "/bomb", "/headers" }) Assert.Equal("its answer is longer than one of a tracker may be", await Failure(path));
        Assert.Equal("no secure connection comes about: its certificate is not trusted, or it speaks no TLS", (await AnnounceAsync(_client, tracker.Url.Replace("http:", "https:", StringComparison.Ordinal), 1, 1)).Failure);
    }

    [Fact]
    public async Task TakesAnswersThatArePacked()
    {
        await using var tracker = new HttpTestTracker();
        tracker.Scripted = _ => HttpTestTracker.Response("200 OK", Zip("d8:intervali7e5:peers6:\u0008\u0008\u0008\u0008\0\u0001e"u8.ToArray()), "Content-Encoding: gzip\r\n");

        var reply = await AnnounceAsync(_client, tracker.Url, 1, 1);

        Assert.Equal(["8.8.8.8:1"], reply.Peers.Select(p => p.ToString()));
    }

    [Fact]
    public async Task FollowsRedirects_ButNotForEver_NorToWhereItDoesNotGo()
    {
        await using var tracker = new HttpTestTracker();
        byte[] To(string where) => HttpTestTracker.Response("302 Found", [], $"Location: {where}\r\n");
        tracker.Scripted = path => path.Split('?')[0] switch
        {
            "/moved" => To("/announce?" + path.Split('?')[1]),
            "/round" => To("/round"),
            "/file" => To("file:///etc/passwd"),
            "/nowhere" => HttpTestTracker.Response("302 Found", []),
            _ => null,
        };

        Assert.Null((await AnnounceAsync(_client, tracker.Root + "/moved", 1, 1)).Failure);
        Assert.Equal("it sends us from one place to the next without end", (await AnnounceAsync(_client, tracker.Root + "/round", 1, 1)).Failure);
        Assert.Equal(HttpFetcher.MaxRedirects + 1, tracker.Requests.Count(r => r.StartsWith("/round", StringComparison.Ordinal)));
        Assert.Equal("it sends us to a place that is none", (await AnnounceAsync(_client, tracker.Root + "/file", 1, 1)).Failure);
        Assert.Equal("it sends us to a place that is none", (await AnnounceAsync(_client, tracker.Root + "/nowhere", 1, 1)).Failure);
    }

    [Fact]
    public async Task SaysThatNobodyAnswers()
    {
        using var free = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)free.Client.LocalEndPoint!).Port;
        free.Dispose();

        Assert.Equal("nobody answers at its port", (await AnnounceAsync(_client, $"http://127.0.0.1:{port}/announce", 1, 1)).Failure);
        if (OperatingSystem.IsLinux()) Assert.Equal("nobody answers at its port", (await AnnounceAsync(_client, $"udp://127.0.0.1:{port}/announce", 1, 1)).Failure);
    }

    [Fact]
    public async Task TellsWhyAUdpTrackerRefuses()
    {
        await using var tracker = new UdpTestTracker { Refusal = "not here\u001b[2J" };

        Assert.Equal("not here [2J", (await AnnounceAsync(_client, tracker.Url, 1, 1)).Failure);
    }

    private static Task<AnnounceReply> AnnounceAsync(TrackerClient client, string url, int port, long left) => client.AnnounceAsync(
        Read(url),
        new AnnounceRequest { Torrent = Torrent, PeerId = new PeerId(Torrent), Port = port, Counts = new AnnounceCounts(0, 0, left), Event = AnnounceEvent.Started, Wanted = 50, Key = 0xC0FFEE },
        CancellationToken.None);

    private static TrackerUrl Read(string url) => TrackerUrl.TryParse(url, out var read) ? read : throw new ArgumentException(url);

    private static byte[] Zip(byte[] bytes)
    {
        var output = new MemoryStream();
        using (var zip = new GZipStream(output, CompressionLevel.Fastest)) zip.Write(bytes);
        return output.ToArray();
    }
}
