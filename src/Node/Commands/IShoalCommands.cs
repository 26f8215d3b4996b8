using Shoal.Node.Events;

namespace Shoal.Node.Commands;

/// <summary>
/// What can be asked of whoever holds a store: by the process itself, or by another through the control socket. Each verb reports what happens as
/// events, errors included, in order and never two at once, and ends with the exit code. Cancelled, it stops cleanly and keeps what was fetched;
/// then the code is <see cref="ExitCode.Interrupted"/>, or <see cref="ExitCode.Done"/> for what had been done and was only being served.
/// </summary>
public interface IShoalCommands
{
    /// <summary>Where the holder listens.</summary>
    ListeningEvent Listening { get; }

    /// <summary>Shares each path, then serves until cancelled.</summary>
    Task<ExitCode> ShareAsync(IReadOnlyList<ShareRequest> requests, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> GetAsync(GetRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> ListAsync(ListRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> FindAsync(FindRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> FindLocalAsync(FindLocalRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> InspectAsync(InspectRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> StatusAsync(StatusRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> WhyAsync(WhyRequest request, Action<ShoalEvent> report, CancellationToken ct);

    /// <summary>Changes rate limits while the holder runs, or says them.</summary>
    Task<ExitCode> LimitAsync(LimitRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> VerifyAsync(VerifyRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> RemoveAsync(RemoveRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> PinAsync(PinRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> RelocateAsync(RelocateRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> CollectAsync(CollectRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> UsageAsync(UsageRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> DhtStatusAsync(DhtStatusRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> DhtLookupAsync(DhtLookupRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> DhtPingAsync(DhtPingRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> DhtPutAsync(DhtPutRequest request, Action<ShoalEvent> report, CancellationToken ct);

    Task<ExitCode> DhtGetAsync(DhtGetRequest request, Action<ShoalEvent> report, CancellationToken ct);
}
