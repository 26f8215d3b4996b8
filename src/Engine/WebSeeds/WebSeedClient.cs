using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Shoal.Core;
using Shoal.Engine.Limits;

namespace Shoal.Engine.WebSeeds;

/// <summary>
/// Asks one web seed for parts of files, over one connection at a time. Follows a few redirects, and none into a network that reaches less far than the one the seed itself is in: a URL from a
/// stranger must not send us to our neighbours. Nor does it put a question to them: a URL with a query must be global.
/// </summary>
internal sealed class WebSeedClient : IDisposable
{
    private const int MaxRedirects = 5;
    private const int MaxHeadersKiB = 32;

    private readonly Uri _seed;
    private readonly Dialler _dialler;
    private readonly TransferLimits _limits;
    private readonly HttpClient _http;
    private (Uri From, Uri To)? _moved;
    private NetworkScope? _scope;

    /// <param name="limits">Of the swarm for which it asks.</param>
    public WebSeedClient(Uri seed, Dialler dialler, TransferLimits limits, string userAgent)
    {
        (_seed, _dialler, _limits) = (seed, dialler, limits);
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxConnectionsPerServer = 1,
            MaxResponseHeadersLength = MaxHeadersKiB,
            MaxResponseDrainSize = 0,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", userAgent);
        _http.DefaultRequestHeaders.TryAddWithoutValidation("Accept-Encoding", "identity");
    }

    /// <param name="fileLength">Of the whole file.</param>
    /// <param name="takesWhole">Whether a server that knows no ranges may send the whole file.</param>
    /// <exception cref="HttpRequestException">No connection, or no HTTP.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task<WebSeedAnswer> AskAsync(Uri url, WebSeedRange range, long fileLength, bool takesWhole, CancellationToken ct)
    {
        var from = url;
        if (_moved is { } moved && moved.From == url) url = moved.To;
        for (var hops = 0; hops <= MaxRedirects; hops++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Range = new RangeHeaderValue(range.Offset, range.Offset + range.Length - 1);
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (!IsRedirect(response.StatusCode)) return await JudgeAsync(response, range, fileLength, takesWhole, ct);

            var location = response.Headers.Location;
            response.Dispose();
            if (location is null || !Uri.TryCreate(url, location, out var next) || !MayFollow(url, next)) return new WebSeedAnswer(null, WebSeedEnd.Never, TimeSpan.Zero);

            url = next;
            _moved = (from, url);
        }

        return new WebSeedAnswer(null, WebSeedEnd.Never, TimeSpan.Zero);
    }

    public void Dispose() => _http.Dispose();

    private static bool IsRedirect(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;

    private static bool MayFollow(Uri from, Uri to) => to.Scheme == "https" || (to.Scheme == "http" && from.Scheme == "http");

    private static async Task<WebSeedAnswer> JudgeAsync(HttpResponseMessage response, WebSeedRange range, long fileLength, bool takesWhole, CancellationToken ct)
    {
        var content = response.Content.Headers;
        var isPart = response.StatusCode == HttpStatusCode.PartialContent
            && content.ContentRange is { From: { } first, To: { } last } part && first == range.Offset && last == range.Offset + range.Length - 1 && (part.Length ?? fileLength) == fileLength;
        var isWhole = response.StatusCode == HttpStatusCode.OK && (takesWhole || range.Length == fileLength) && (content.ContentLength ?? fileLength) == fileLength;
        if (isPart || isWhole)
        {
            var body = await response.Content.ReadAsStreamAsync(ct);
            if (isWhole) await SkipAsync(body, range.Offset, ct);
            return new WebSeedAnswer(body, WebSeedEnd.LetGo, TimeSpan.Zero) { Response = response };
        }

        using (response)
        {
            var isBusy = (int)response.StatusCode is 408 or 425 or 429 or >= 500;
            return new WebSeedAnswer(null, isBusy ? WebSeedEnd.Later : WebSeedEnd.Never, response.Headers.RetryAfter?.Delta ?? TimeSpan.Zero);
        }
    }

    private static async Task SkipAsync(Stream body, long bytes, CancellationToken ct)
    {
        var scratch = new byte[16 * 1024];
        while (bytes > 0)
        {
            var count = (int)Math.Min(bytes, scratch.Length);
            await body.ReadExactlyAsync(scratch.AsMemory(0, count), ct);
            bytes -= count;
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var narrowest = _scope ?? (_seed.Query.Length > 0 ? NetworkScope.Global : NetworkScope.Loopback);
        Exception? why = null;
        foreach (var address in await ResolveAsync(context.DnsEndPoint.Host, ct))
        {
            var endPoint = new NetEndPoint(address, context.DnsEndPoint.Port);
            if (!endPoint.IsUsableFrom(narrowest)) continue;

            try
            {
                var connection = await _dialler.ConnectAsync(endPoint, _limits, ct);
                _scope ??= endPoint.Scope;
                return new TransportStream(connection);
            }
            catch (IOException e)
            {
                why = e;
            }
        }

        throw new IOException($"no address of {context.DnsEndPoint.Host} can be used", why);
    }

    private static async Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(host, ct);
        }
        catch (SocketException e)
        {
            throw new IOException($"{host} is unknown", e);
        }
    }
}
