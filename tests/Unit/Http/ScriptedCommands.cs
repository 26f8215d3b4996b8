using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Unit.Http;

internal delegate Task<ExitCode> Script(object request, Action<ShoalEvent> report, CancellationToken ct);

/// <summary>A holder of a store that does what the test says, and remembers what it was asked.</summary>
internal sealed class ScriptedCommands(Script script) : IShoalCommands
{
    public List<object> Requests { get; } = [];

    public ListeningEvent Listening { get; init; } = new("127.0.0.2:9000", "127.0.0.2:8468", ["127.0.0.2"]);

    public Task<ExitCode> ShareAsync(IReadOnlyList<ShareRequest> requests, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(requests, report, ct);

    public Task<ExitCode> GetAsync(GetRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> ListAsync(ListRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> InspectAsync(InspectRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> FindAsync(FindRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> FindLocalAsync(FindLocalRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> StatusAsync(StatusRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> WhyAsync(WhyRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> LimitAsync(LimitRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> VerifyAsync(VerifyRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> RemoveAsync(RemoveRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> PinAsync(PinRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> RelocateAsync(RelocateRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> CollectAsync(CollectRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> UsageAsync(UsageRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> DhtStatusAsync(DhtStatusRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> DhtLookupAsync(DhtLookupRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> DhtPingAsync(DhtPingRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> DhtPutAsync(DhtPutRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    public Task<ExitCode> DhtGetAsync(DhtGetRequest request, Action<ShoalEvent> report, CancellationToken ct) => RunAsync(request, report, ct);

    private Task<ExitCode> RunAsync(object request, Action<ShoalEvent> report, CancellationToken ct)
    {
        lock (Requests) Requests.Add(request);
        return script(request, report, ct);
    }
}
