using Shoal.Node.Events;
using Shoal.Node.Torrents;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>The verbs on this process's own store and network. What a verb cannot do ends as an <c>error</c> event and an exit code.</summary>
internal sealed class NodeCommands(NodeServices services) : IShoalCommands
{
    public ListeningEvent Listening => services.Network?.Listening ?? new ListeningEvent(null, null, []);

    public Task<ExitCode> ShareAsync(IReadOnlyList<ShareRequest> requests, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new ShareCommand(services, reporter).RunAsync(requests, ct), ct);

    public Task<ExitCode> GetAsync(GetRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new GetCommand(services, request, reporter).RunAsync(ct), ct);

    public Task<ExitCode> ListAsync(ListRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new StoreCommands(services, reporter).ListAsync(request, ct), ct);

    public Task<ExitCode> FindAsync(FindRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new FindCommand(services, reporter).RunAsync(request, ct), ct);

    public Task<ExitCode> FindLocalAsync(FindLocalRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => Task.FromResult(new FindLocalCommand(services, reporter).Run(request, ct)), ct);

    public Task<ExitCode> InspectAsync(InspectRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new InspectCommand(services, reporter).RunAsync(request, ct), ct);

    public Task<ExitCode> StatusAsync(StatusRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new StandingCommands(services, reporter).StatusAsync(request), ct);

    public Task<ExitCode> WhyAsync(WhyRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new StandingCommands(services, reporter).WhyAsync(request), ct);

    public Task<ExitCode> LimitAsync(LimitRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new LimitCommand(services, reporter).RunAsync(request), ct);

    public Task<ExitCode> VerifyAsync(VerifyRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new StoreCommands(services, reporter).VerifyAsync(request, ct), ct);

    public Task<ExitCode> RemoveAsync(RemoveRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new StoreCommands(services, reporter).RemoveAsync(request, ct), ct);

    public Task<ExitCode> PinAsync(PinRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new SpaceCommands(services, reporter).PinAsync(request, ct), ct);

    public Task<ExitCode> RelocateAsync(RelocateRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new SpaceCommands(services, reporter).RelocateAsync(request, ct), ct);

    public Task<ExitCode> CollectAsync(CollectRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new SpaceCommands(services, reporter).CollectAsync(request, ct), ct);

    public Task<ExitCode> UsageAsync(UsageRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new SpaceCommands(services, reporter).UsageAsync(request, ct), ct);

    public Task<ExitCode> DhtStatusAsync(DhtStatusRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new DhtStatusCommand(services, reporter).RunAsync(request, ct), ct);

    public Task<ExitCode> DhtLookupAsync(DhtLookupRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new DhtLookupCommand(services, reporter).RunAsync(request, ct), ct);

    public Task<ExitCode> DhtPingAsync(DhtPingRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new DhtPingCommand(services, reporter).RunAsync(request, ct), ct);

    public Task<ExitCode> DhtPutAsync(DhtPutRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new DhtPutCommand(services, reporter).RunAsync(request, ct), ct);

    public Task<ExitCode> DhtGetAsync(DhtGetRequest request, Action<ShoalEvent> report, CancellationToken ct) =>
        RunAsync(report, reporter => new DhtGetCommand(services, reporter).RunAsync(request, ct), ct);

    private async Task<ExitCode> RunAsync(Action<ShoalEvent> report, Func<Reporter, Task<ExitCode>> body, CancellationToken ct)
    {
        using var reporter = new Reporter(report, services.Store);
        try
        {
            return await body(reporter);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (StoreException e)
        {
            reporter.Report(new ErrorEvent(TorrentNames.Code(e.Code), e.Message));
            return ExitCode.Failed;
        }
        catch (ShoalException e)
        {
            reporter.Report(new ErrorEvent(e.Code, e.Message));
            return e.Code is "bad-link" or "bad-torrent" ? ExitCode.Usage : ExitCode.Failed;
        }
    }
}
