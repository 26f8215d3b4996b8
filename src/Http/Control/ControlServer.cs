using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Http.Control;

/// <summary>
/// Serves the verbs of whoever holds a store to other processes of the same user: <c>POST /v1/get</c> and so on over a Unix socket, the request as
/// JSON, the answer one event per line as they happen, closed by <see cref="ExitEvent"/>. A client that goes away has cancelled. A server that stops
/// cuts its clients off without one, so that they know to hold the store themselves.
/// </summary>
public sealed class ControlServer : IAsyncDisposable
{
    private const long MaxRequestBytes = 400L * 1024 * 1024; // a .torrent in base64

    private readonly IShoalCommands _commands;
    private readonly ControlScope _scope;
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stopping = new();

    private ControlServer(IShoalCommands commands, ControlScope scope, string path)
    {
        _commands = commands;
        _scope = scope;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, path));
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>Listens at the path. Only whoever holds the store calls this, so a socket that lies there is a dead one's.</summary>
    public static async Task<ControlServer> StartAsync(IShoalCommands commands, ControlScope scope, string path, CancellationToken ct = default)
    {
        File.Delete(path);
        var server = new ControlServer(commands, scope, path);
        try
        {
            await server._app.StartAsync(ct);
            return server;
        }
        catch
        {
            await server._app.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _stopping.Dispose();
    }

    private static void Configure(KestrelServerOptions kestrel, string path)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MaxRequestBytes;
        kestrel.Limits.MinResponseDataRate = null; // events come when they come
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.ListenUnixSocket(path, listen => listen.Protocols = HttpProtocols.Http1);
    }

    private Task AnswerAsync(HttpContext context) => (context.Request.Method, context.Request.Path.Value) switch
    {
        ("GET", "/v1/listening") => ListeningAsync(context),
        ("POST", "/v1/share") => RunAsync(context, ShoalJson.Default.IReadOnlyListShareRequest, _commands.ShareAsync, _scope.Serves),
        ("POST", "/v1/get") => RunAsync(context, ShoalJson.Default.GetRequest, _commands.GetAsync, _scope.Fetches),
        ("POST", "/v1/list") => RunAsync(context, ShoalJson.Default.ListRequest, _commands.ListAsync, true),
        ("POST", "/v1/find") => RunAsync(context, ShoalJson.Default.FindRequest, _commands.FindAsync, _scope.Fetches),
        ("POST", "/v1/find-local") => RunAsync(context, ShoalJson.Default.FindLocalRequest, _commands.FindLocalAsync, true),
        ("POST", "/v1/inspect") => RunAsync(context, ShoalJson.Default.InspectRequest, _commands.InspectAsync, _scope.Fetches),
        ("POST", "/v1/status") => RunAsync(context, ShoalJson.Default.StatusRequest, _commands.StatusAsync, true),
        ("POST", "/v1/why") => RunAsync(context, ShoalJson.Default.WhyRequest, _commands.WhyAsync, true),
        ("POST", "/v1/limit") => RunAsync(context, ShoalJson.Default.LimitRequest, _commands.LimitAsync, _scope.Fetches),
        ("POST", "/v1/verify") => RunAsync(context, ShoalJson.Default.VerifyRequest, _commands.VerifyAsync, true),
        ("POST", "/v1/remove") => RunAsync(context, ShoalJson.Default.RemoveRequest, _commands.RemoveAsync, true),
        ("POST", "/v1/repair") => RunAsync(context, ShoalJson.Default.VerifyRequest, _commands.VerifyAsync, _scope.Fetches),
        ("POST", "/v1/pin") => RunAsync(context, ShoalJson.Default.PinRequest, _commands.PinAsync, true),
        ("POST", "/v1/relocate") => RunAsync(context, ShoalJson.Default.RelocateRequest, _commands.RelocateAsync, true),
        ("POST", "/v1/gc") => RunAsync(context, ShoalJson.Default.CollectRequest, _commands.CollectAsync, true),
        ("POST", "/v1/du") => RunAsync(context, ShoalJson.Default.UsageRequest, _commands.UsageAsync, true),
        ("POST", "/v1/dht") => RunAsync(context, ShoalJson.Default.DhtStatusRequest, _commands.DhtStatusAsync, _scope.Fetches),
        ("POST", "/v1/dht/lookup") => RunAsync(context, ShoalJson.Default.DhtLookupRequest, _commands.DhtLookupAsync, _scope.Fetches),
        ("POST", "/v1/dht/ping") => RunAsync(context, ShoalJson.Default.DhtPingRequest, _commands.DhtPingAsync, _scope.Fetches),
        ("POST", "/v1/dht/put") => RunAsync(context, ShoalJson.Default.DhtPutRequest, _commands.DhtPutAsync, _scope.Fetches),
        ("POST", "/v1/dht/get") => RunAsync(context, ShoalJson.Default.DhtGetRequest, _commands.DhtGetAsync, _scope.Fetches),
        _ => RefuseAsync(context, StatusCodes.Status404NotFound),
    };

    private Task ListeningAsync(HttpContext context)
    {
        if (!_scope.Fetches) return RefuseAsync(context, StatusCodes.Status204NoContent);

        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(EventLine.WriteUtf8(_commands.Listening), context.RequestAborted).AsTask();
    }

    private static Task RefuseAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private async Task RunAsync<TRequest>(
        HttpContext context, JsonTypeInfo<TRequest> type, Func<TRequest, Action<ShoalEvent>, CancellationToken, Task<ExitCode>> verb, bool able)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
        if (!able)
        {
            context.Response.StatusCode = StatusCodes.Status409Conflict;
            return;
        }

        TRequest? request;
        try
        {
            request = await JsonSerializer.DeserializeAsync(context.Request.Body, type, cancel.Token);
        }
        catch (JsonException)
        {
            request = default;
        }

        if (request is null)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        context.Response.ContentType = "application/x-ndjson";
        using var stream = new EventStream(context.Response.BodyWriter, cancel.Token);
        var pump = stream.PumpAsync();
        var code = await RunToTheEndAsync(() => verb(request, stream.Report, cancel.Token), stream, cancel.Token);
        if (!_stopping.IsCancellationRequested) stream.Report(new ExitEvent((int)code));
        stream.Complete();
        await pump;
        if (_stopping.IsCancellationRequested) context.Abort();
    }

    private static async Task<ExitCode> RunToTheEndAsync(Func<Task<ExitCode>> verb, EventStream stream, CancellationToken ct)
    {
        try
        {
            return await verb();
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (ShoalException e)
        {
            stream.Report(new ErrorEvent(e.Code, e.Message));
        }
        catch (Exception e)
        {
            stream.Report(new ErrorEvent("internal", $"Something unexpected went wrong in the process that holds the store: {e.Message}"));
        }

        return ExitCode.Failed;
    }

    /// <summary>Signals belong to the host; the default lifetime would take them.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
