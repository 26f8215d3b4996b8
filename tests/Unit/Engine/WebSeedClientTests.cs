using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Limits;
using Shoal.Engine.WebSeeds;
using Shoal.Harness.Wire;
using Shoal.Wire.Transport;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class WebSeedClientTests : IAsyncDisposable
{
    private const string Public = "93.184.216.34", Elsewhere = "93.184.216.35", Private = "10.0.0.1";
    private const int FileLength = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly WebSeedRange Range = new(new FileIndex(0), 5, 10);

    private readonly MemoryNetwork _network = new();
    private readonly List<ITransportListener> _listeners = [];
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly TransferLimits _limits = new(new RateLimiter(0, TimeProvider.System), new RateLimiter(0, TimeProvider.System));
    private readonly Dialler _dialler;

    public WebSeedClientTests() => _dialler = new Dialler(
        new EngineOptions { PeerId = default }, _network.TransportOf(IPAddress.Loopback), new SharedRandom(new Random(1)), TimeProvider.System);

    public static TheoryData<string, bool, int, int> Refusals => new()
    {
        { "404 Not Found", true, 2, 0 },
        { "403 Forbidden", true, 2, 0 },
        { "416 Range Not Satisfiable\r\nContent-Range: bytes */3", true, 2, 0 },
        { "200 OK", false, 2, 0 },
        { "206 Partial Content\r\nContent-Range: bytes 6-15/100", true, 2, 0 },
        { "206 Partial Content\r\nContent-Range: bytes 5-14/101", true, 2, 0 },
        { "206 Partial Content", true, 2, 0 },
        { "302 Found", true, 2, 0 },
        { "302 Found\r\nLocation: ftp://93.184.216.34/x", true, 2, 0 },
        { "503 Service Unavailable\r\nRetry-After: 7", true, 1, 7 },
        { "429 Too Many Requests", true, 1, 0 },
        { "500 Oops", true, 1, 0 },
    };

    [Fact]
    public async Task AsksForWhatIsMissing()
    {
        Serve(Public, _ => "206 Partial Content\r\nContent-Range: bytes 5-14/100\r\nContent-Length: 10\r\n\r\n0123456789");

        Assert.Equal("0123456789", await ReadAsync($"http://{Public}/pub/file"));
        Assert.StartsWith("GET /pub/file HTTP/1.1", Assert.Single(_asked), StringComparison.Ordinal);
        Assert.Contains("Range: bytes=5-14\r\n", _asked.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TakesTheWholeOfASmallFile_WhereThereAreNoRanges()
    {
        var whole = string.Concat(Enumerable.Range(0, FileLength).Select(i => (char)('!' + i % 90)));
        Serve(Public, _ => $"200 OK\r\nContent-Length: {FileLength}\r\n\r\n{whole}");

        Assert.Equal(whole[5..15], await ReadAsync($"http://{Public}/file"));
    }

    [Fact]
    public async Task ReadsNoMoreThanItAskedFor()
    {
        Serve(Public, _ => "206 Partial Content\r\nContent-Range: bytes 5-14/100\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + new string('x', 0xfff) + "\r\n");

        Assert.Equal(new string('x', 10), await ReadAsync($"http://{Public}/file"));
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task SaysWhetherToAskAgain(string head, bool takesWhole, int end, int retryAfter)
    {
        Serve(Public, _ => head + "\r\nContent-Length: 0\r\n\r\n");
        using var client = Client($"http://{Public}/file");

        using var answer = await client.AskAsync(new Uri($"http://{Public}/file"), Range, FileLength, takesWhole, CancellationToken.None).WaitAsync(Patience);

        Assert.Null(answer.Body);
        Assert.Equal(((WebSeedEnd)end, TimeSpan.FromSeconds(retryAfter)), (answer.End, answer.RetryAfter));
    }

    [Fact]
    public async Task FollowsARedirect_AndRemembersIt()
    {
        Serve(Public, _ => $"301 Moved\r\nLocation: http://{Elsewhere}/there\r\nContent-Length: 0\r\n\r\n");
        Serve(Elsewhere, _ => "206 Partial Content\r\nContent-Range: bytes 5-14/100\r\nContent-Length: 10\r\n\r\n0123456789");
        using var client = Client($"http://{Public}/file");

        for (var i = 0; i < 2; i++) Assert.Equal("0123456789", await ReadAsync(client, $"http://{Public}/file"));

        Assert.Equal(["GET /file HTTP/1.1", "GET /there HTTP/1.1", "GET /there HTTP/1.1"], _asked.Select(a => a[..a.IndexOf('\r', StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task FollowsNotWithoutEnd()
    {
        Serve(Public, _ => $"302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
        using var client = Client($"http://{Public}/file");

        using var answer = await client.AskAsync(new Uri($"http://{Public}/file"), Range, FileLength, true, CancellationToken.None).WaitAsync(Patience);

        Assert.Equal(WebSeedEnd.Never, answer.End);
        Assert.InRange(_asked.Count, 2, 6);
    }

    [Fact]
    public async Task IsNotLedIntoANarrowerNetwork()
    {
        var reached = 0;
        Serve(Public, _ => $"302 Found\r\nLocation: http://{Private}/admin\r\nContent-Length: 0\r\n\r\n");
        Serve(Private, _ => $"{Interlocked.Increment(ref reached)}00 OK\r\nContent-Length: 0\r\n\r\n");
        using var client = Client($"http://{Public}/file");

        await Assert.ThrowsAsync<HttpRequestException>(() => client.AskAsync(new Uri($"http://{Public}/file"), Range, FileLength, true, CancellationToken.None).WaitAsync(Patience));

        Assert.Equal(0, reached);
    }

    [Fact]
    public async Task AsksNothingOfOurNeighbours_ButForFiles()
    {
        Serve(Private, _ => "206 Partial Content\r\nContent-Range: bytes 5-14/100\r\nContent-Length: 10\r\n\r\n0123456789");

        await Assert.ThrowsAsync<HttpRequestException>(() => ReadAsync($"http://{Private}/reboot?now=1"));
        Assert.Empty(_asked);
        Assert.Equal("0123456789", await ReadAsync($"http://{Private}/file"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners) await listener.DisposeAsync();
        _dialler.Dispose();
        _limits.Download.Dispose();
        _limits.Upload.Dispose();
    }

    private async Task<string> ReadAsync(string url)
    {
        using var client = Client(url);
        return await ReadAsync(client, url);
    }

    private static async Task<string> ReadAsync(WebSeedClient client, string url)
    {
        using var answer = await client.AskAsync(new Uri(url), Range, FileLength, takesWhole: true, CancellationToken.None).WaitAsync(Patience);
        var bytes = new byte[Range.Length];
        await answer.Body!.ReadExactlyAsync(bytes).AsTask().WaitAsync(Patience);
        return Encoding.ASCII.GetString(bytes);
    }

    private WebSeedClient Client(string url) => new(new Uri(url), _dialler, _limits, "Shoal");

    /// <summary>Answers each request, its head given, with a status line's rest, headers and a body.</summary>
    private void Serve(string address, Func<string, string> answer)
    {
        var listener = _network.Listen(new NetEndPoint(IPAddress.Parse(address), 80));
        _listeners.Add(listener);
        _ = AcceptAsync();

        async Task AcceptAsync()
        {
            while (await listener.AcceptAsync(CancellationToken.None) is { } connection) _ = AnswerAsync(connection);
        }

        async Task AnswerAsync(ITransportConnection connection)
        {
            var (buffer, head) = (new byte[4096], "");
            try
            {
                while (await connection.ReceiveAsync(buffer, CancellationToken.None) is > 0 and var count)
                {
                    head += Encoding.ASCII.GetString(buffer, 0, count);
                    if (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal)) continue;

                    _asked.Enqueue(head);
                    await connection.SendAsync([new ArraySegment<byte>(Encoding.ASCII.GetBytes("HTTP/1.1 " + answer(head)))], CancellationToken.None);
                    head = "";
                }
            }
            catch (IOException)
            {
            }
        }
    }
}
