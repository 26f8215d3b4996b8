using Shoal.Node.Events;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>Where things lie and what they take: pin, relocate, gc, du.</summary>
internal sealed class SpaceCommands(NodeServices services, Reporter reporter)
{
    public async Task<ExitCode> PinAsync(PinRequest request, CancellationToken ct)
    {
        var torrent = StoreCommands.Select(services.Store, request.Id)[0];
        await services.Store.PinAsync(torrent.Id, request.Pinned, ct);
        reporter.Report(new PinnedEvent(torrent.Id.ToString(), torrent.Name, request.Pinned));
        return ExitCode.Done;
    }

    public async Task<ExitCode> RelocateAsync(RelocateRequest request, CancellationToken ct)
    {
        var torrent = WhichMoved(StoreCommands.Select(services.Store, request.Id), request);
        var moved = await services.Store.RelocateAsync(torrent, request.Path, new HashingReport(request.Path, reporter, services.Options.Clock), ct);
        if (services.Serving is { } serving) await serving.RenewAsync(moved);
        reporter.Report(new RelocatedEvent(moved.Id.ToString(), moved.Name, torrent.Path, moved.Path));
        return ExitCode.Done;
    }

    public async Task<ExitCode> CollectAsync(CollectRequest request, CancellationToken ct)
    {
        if (await new Collection(services, reporter) { DryRun = request.DryRun, TakesLast = request.Last }.RunAsync(request.Keep, ct)) return ExitCode.Done;

        reporter.Report(new ErrorEvent("over-keep", $"More than {request.Keep} bytes stay: the rest is pinned, in use, or the last copy known. 'shoal unpin' lets go of one; --last also takes what nobody else is known to have."));
        return ExitCode.Failed;
    }

    public Task<ExitCode> UsageAsync(UsageRequest request, CancellationToken ct)
    {
        var store = services.Store;
        var chosen = request.Id is null ? null : StoreCommands.Select(store, request.Id);
        var usage = store.Measure(ct);
        foreach (var (torrent, bytes, common, brought) in usage.Torrents)
        {
            if (chosen is not null && !chosen.Exists(t => t.Id == torrent.Id)) continue;

            reporter.Report(new UsageEvent(torrent.Id.ToString(), torrent.Name, bytes, common, brought)
            {
                Kind = torrent.IsShared ? "shared" : store.IsOwn(torrent) ? "copied" : "downloaded",
                Path = torrent.Path,
                Pinned = store.IsPinned(torrent.Id),
                Used = store.LastUsed(torrent),
                Others = store.Others(torrent)?.Count,
            });
        }

        if (chosen is null) reporter.Report(new UsageEvent(null, null, usage.Once, usage.Torrents.Sum(t => t.Bytes) - usage.Once, usage.Torrents.Sum(t => t.Brought)) { Quota = store.Quota });
        return Task.FromResult(ExitCode.Done);
    }

    /// <summary>Of several copies, the one named, or the only one that is not where it was.</summary>
    private static StoredTorrent WhichMoved(List<StoredTorrent> copies, RelocateRequest request)
    {
        if (request.From is { } from) return copies.Find(t => t.Path == Path.TrimEndingDirectorySeparator(from)) ?? throw new ShoalException("not-held", $"No copy of it stands at {from}. 'shoal list --json' shows where they do.");
        if (copies.Count == 1) return copies[0];

        var gone = copies.FindAll(t => !Path.Exists(t.Path));
        return gone.Count == 1 ? gone[0] : throw new ShoalException("several-copies", $"The store has {copies.Count} copies of {copies[0].Name}: say which one moved with --from, {string.Join(" or ", copies.Select(t => t.Path))}.");
    }
}
