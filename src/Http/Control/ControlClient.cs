using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Http.Control;

/// <summary>The verbs of whoever holds a store, asked through its control socket. Throws <see cref="ControlException"/> when the holder goes away midway.</summary>
public sealed class ControlClient : IShoalCommands, IDisposable
{
    private static readonly ListeningEvent Nowhere = new(null, null, []);

    private readonly HttpClient _http;

    private ControlClient(string path)
    {
        var transport = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        _http = new HttpClient(transport) { BaseAddress = new Uri("http://shoal/"), Timeout = Timeout.InfiniteTimeSpan };
    }

    public ListeningEvent Listening { get; private set; } = Nowhere;

    /// <summary>False for a holder that works on the store alone, for a short while.</summary>
    public bool IsOnline { get; private set; }

    /// <summary>Asks the holder at the first path where one answers.</summary>
    public static async Task<ControlClient> ConnectAsync(IReadOnlyList<string> paths, CancellationToken ct = default)
    {
        Exception? last = null;
        foreach (var path in paths.Where(File.Exists))
        {
            var client = new ControlClient(path);
            try
            {
                using var answer = await client._http.GetAsync(new Uri("v1/listening", UriKind.Relative), ct);
                client.IsOnline = answer.StatusCode == HttpStatusCode.OK;
                if (client.IsOnline && EventLine.Read(await answer.Content.ReadAsStringAsync(ct)) is ListeningEvent listening) client.Listening = listening;
                return client;
            }
            catch (Exception e) when (IsLoss(e))
            {
                client.Dispose();
                last = e;
            }
            catch
            {
                client.Dispose();
                throw;
            }
        }

        throw new ControlException(ControlFailure.Gone, "nobody answers on the control socket", last);
    }

    public void Dispose() => _http.Dispose();

    public Task<ExitCode> ShareAsync(IReadOnlyList<ShareRequest> requests, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/share", requests, ShoalJson.Default.IReadOnlyListShareRequest, report, ct);

    public Task<ExitCode> GetAsync(GetRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/get", request, ShoalJson.Default.GetRequest, report, ct);

    public Task<ExitCode> ListAsync(ListRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/list", request, ShoalJson.Default.ListRequest, report, ct);

    public Task<ExitCode> FindAsync(FindRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/find", request, ShoalJson.Default.FindRequest, report, ct);

    public Task<ExitCode> FindLocalAsync(FindLocalRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/find-local", request, ShoalJson.Default.FindLocalRequest, report, ct);

    public Task<ExitCode> InspectAsync(InspectRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/inspect", request, ShoalJson.Default.InspectRequest, report, ct);

    public Task<ExitCode> StatusAsync(StatusRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/status", request, ShoalJson.Default.StatusRequest, report, ct);

    public Task<ExitCode> WhyAsync(WhyRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/why", request, ShoalJson.Default.WhyRequest, report, ct);

    public Task<ExitCode> LimitAsync(LimitRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/limit", request, ShoalJson.Default.LimitRequest, report, ct);

    public Task<ExitCode> VerifyAsync(VerifyRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(request.Repair ? "v1/repair" : "v1/verify", request, ShoalJson.Default.VerifyRequest, report, ct);

    public Task<ExitCode> RemoveAsync(RemoveRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/remove", request, ShoalJson.Default.RemoveRequest, report, ct);

    public Task<ExitCode> PinAsync(PinRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/pin", request, ShoalJson.Default.PinRequest, report, ct);

    public Task<ExitCode> RelocateAsync(RelocateRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/relocate", request, ShoalJson.Default.RelocateRequest, report, ct);

    public Task<ExitCode> CollectAsync(CollectRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/gc", request, ShoalJson.Default.CollectRequest, report, ct);

    public Task<ExitCode> UsageAsync(UsageRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/du", request, ShoalJson.Default.UsageRequest, report, ct);

    public Task<ExitCode> DhtStatusAsync(DhtStatusRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/dht", request, ShoalJson.Default.DhtStatusRequest, report, ct);

    public Task<ExitCode> DhtLookupAsync(DhtLookupRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/dht/lookup", request, ShoalJson.Default.DhtLookupRequest, report, ct);

    public Task<ExitCode> DhtPingAsync(DhtPingRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/dht/ping", request, ShoalJson.Default.DhtPingRequest, report, ct);

    public Task<ExitCode> DhtPutAsync(DhtPutRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/dht/put", request, ShoalJson.Default.DhtPutRequest, report, ct);

    public Task<ExitCode> DhtGetAsync(DhtGetRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync("v1/dht/get", request, ShoalJson.Default.DhtGetRequest, report, ct);

    private async Task<ExitCode> RunAsync<TRequest>(string verb, TRequest request, JsonTypeInfo<TRequest> type, Action<ShoalEvent> report, CancellationToken ct)
    {
        try
        {
            using var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(request, type));
            body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(verb, UriKind.Relative)) { Content = body };
            using var answer = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ct);
            if (answer.StatusCode == HttpStatusCode.Conflict) throw new ControlException(ControlFailure.Busy, "the holder of the store cannot do this");
            if ((int)answer.StatusCode >= 500) throw new ControlException(ControlFailure.Gone, "the holder of the store was just closing");
            if (!answer.IsSuccessStatusCode) throw new ShoalException("control", $"The process that holds the store refused the command ({(int)answer.StatusCode}). It may be another version of shoal: stop it and try again.");

            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(ct), Encoding.UTF8);
            while (await lines.ReadLineAsync(ct) is { } line)
            {
                var e = EventLine.Read(line);
                if (e is ExitEvent exit) return (ExitCode)exit.Code;
                if (e is not null) report(e);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (IsLoss(e))
        {
            throw new ControlException(ControlFailure.Gone, "the holder of the store has gone", e);
        }

        throw new ControlException(ControlFailure.Gone, "the holder of the store has gone");
    }

    private static bool IsLoss(Exception e) => e is HttpRequestException or IOException or SocketException;
}
