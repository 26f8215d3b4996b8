using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Shoal.Core;

namespace Shoal.Discovery.Trackers.Http;

/// <summary>
/// Gets one small body over HTTP or HTTPS, in bounded time, and never more than <see cref="HttpReplyReader.MaxLength"/> bytes of it. Goes out from the node's own addresses, keeps no
/// connection, cookie or credential, and uses no proxy. Redirects are followed by hand: five, never from HTTPS to HTTP, and never to a narrower scope than that of the
/// server that says so, or a stranger could send us into our own network.
/// </summary>
internal sealed class HttpFetcher : IDisposable
{
    public const int MaxRedirects = 5;
    private const int MaxAddresses = 4;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(10);

    private readonly LocalRoutes _routes;
    private readonly TimeProvider _clock;
    private readonly string _client;
    private readonly HttpMessageInvoker _http;

    /// <param name="routes">Where it may go out from.</param>
    /// <param name="client">What we call ourselves.</param>
    /// <param name="clock">Its time.</param>
    public HttpFetcher(LocalRoutes routes, string client, TimeProvider clock)
    {
        (_routes, _client, _clock) = (routes, client, clock);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate,
            UseCookies = false,
            UseProxy = false,
            PreAuthenticate = false,
            PooledConnectionLifetime = TimeSpan.Zero,
            MaxResponseHeadersLength = 64, // KiB
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectWithin,
            ConnectCallback = ConnectAsync,
            SslOptions = new SslClientAuthenticationOptions
            {
                // Neither a list of revoked certificates nor a missing one is fetched: that would tell others where we go.
                CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
            },
        });
    }

    /// <param name="tracker">Whose host it is.</param>
    /// <param name="pathAndQuery">Of the request.</param>
    /// <param name="addresses">Of that host, of one family.</param>
    /// <param name="ct">Ends it early.</param>
    public async Task<HttpAnswer> GetAsync(TrackerUrl tracker, string pathAndQuery, IReadOnlyList<IPAddress> addresses, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(Within, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            return await FollowAsync(tracker.With(pathAndQuery), addresses, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return HttpAnswer.Failed(string.Create(CultureInfo.InvariantCulture, $"it did not answer within {Within.TotalSeconds:0} s"));
        }
        catch (HttpRequestException e)
        {
            return HttpAnswer.Failed(Sentence(e));
        }
        catch (IOException)
        {
            return HttpAnswer.Failed("its answer broke off");
        }
        catch (InvalidDataException)
        {
            return HttpAnswer.Failed("its answer cannot be unpacked");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpAnswer> FollowAsync(Uri uri, IReadOnlyList<IPAddress> addresses, CancellationToken ct)
    {
        for (var redirects = 0; ; redirects++)
        {
            var route = new HttpRoute([.. addresses.Take(MaxAddresses)]);
            using var request = new HttpRequestMessage(HttpMethod.Get, uri);
            request.Options.Set(HttpRoute.Key, route);
            request.Headers.ConnectionClose = true;
            request.Headers.TryAddWithoutValidation("User-Agent", _client);
            using var response = await _http.SendAsync(request, ct);
            var scope = new NetEndPoint(route.Used ?? route.Addresses[0], 0).Scope;
            if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
            {
                return await ReadAsync(response, ct) is { } body
                    ? new HttpAnswer(body, (int)response.StatusCode, scope, null)
                    : HttpAnswer.Failed("its answer is longer than one of a tracker may be");
            }

            if (redirects == MaxRedirects) return HttpAnswer.Failed("it sends us from one place to the next without end");
            if (Next(uri, response.Headers.Location) is not { } next) return HttpAnswer.Failed("it sends us to a place that is none");

            addresses = [.. (await _routes.ResolveAsync(next.IdnHost, ct)).Where(a => a.AddressFamily == addresses[0].AddressFamily && new NetEndPoint(a, 0).Scope >= scope)];
            if (addresses.Count == 0) return HttpAnswer.Failed("it sends us to a place where we do not go");

            uri = next;
        }
    }

    private static Uri? Next(Uri uri, Uri? location)
    {
        if (location is null || !Uri.TryCreate(uri, location, out var next)) return null;
        if (next.Scheme is not ("http" or "https") || (uri.Scheme == "https" && next.Scheme != "https")) return null;

        return next;
    }

    /// <returns>Null if it is too long.</returns>
    private static async Task<byte[]?> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        if (response.Content.Headers.ContentLength > HttpReplyReader.MaxLength) return null;

        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        var body = new byte[4096];
        var length = 0;
        while (true)
        {
            if (length == body.Length)
            {
                if (length > HttpReplyReader.MaxLength) return null;
                Array.Resize(ref body, Math.Min(length * 2, HttpReplyReader.MaxLength + 1));
            }

            var read = await stream.ReadAsync(body.AsMemory(length), ct);
            if (read == 0) return length > HttpReplyReader.MaxLength ? null : body[..length];

            length += read;
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        if (!context.InitialRequestMessage.Options.TryGetValue(HttpRoute.Key, out var route)) throw new InvalidOperationException("a request without its route");

        SocketException? trouble = null;
        foreach (var address in route.Addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                if (_routes.LocalFor(address.AddressFamily) is { } local) socket.Bind(new IPEndPoint(local, 0));
                await socket.ConnectAsync(new IPEndPoint(address, context.DnsEndPoint.Port), ct);
                route.Used = address;
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                trouble = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw trouble ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static string Sentence(HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.SecureConnectionError => "no secure connection comes about: its certificate is not trusted, or it speaks no TLS",
        HttpRequestError.ResponseEnded or HttpRequestError.InvalidResponse => "its answer is not HTTP, or broke off",
        HttpRequestError.ConfigurationLimitExceeded => "its answer is longer than one of a tracker may be",
        _ => LocalRoutes.Sentence((e.InnerException as SocketException)?.SocketErrorCode),
    };
}
