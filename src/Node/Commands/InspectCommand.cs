using Shoal.Engine;
using Shoal.Node.Events;
using Shoal.Node.Torrents;

namespace Shoal.Node.Commands;

/// <summary>Finds out what a link names: from the store, or from the first peer that says so. The content is not fetched.</summary>
internal sealed class InspectCommand(NodeServices services, Reporter reporter)
{
    public async Task<ExitCode> RunAsync(InspectRequest request, CancellationToken ct)
    {
        if (services.Swarms is null || services.Network is null) throw new ShoalException("offline", "Whoever holds this store works without a network just now. Try again in a moment.");

        var target = LinkTarget.Read(request.Link, null);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(request.Timeout), services.Options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        await using var lease = await services.Swarms.EnterAsync(target.Swarm);
        services.Network.AddBootstrap(request.Bootstrap);
        var held = services.Store.Find(target.Id);
        if (held is null) await lease.TrackAsync(target.Keys, TrackerLists.Merge(target.Trackers, TrackerLists.Each(request.Trackers)));
        var search = new PeerSearch(services.Network, lease.Swarm, services.Options.Clock)
            .RunAsync([.. target.Peers, .. request.Peers, .. services.Options.Peers], asksAround: held is not { IsPrivate: true }, either.Token);
        try
        {
            var (info, layers) = await target.DescribeAsync(services.Store, lease.Swarm, either.Token);
            reporter.Report(TorrentNames.Describe(info, request.Chunks ? layers : null, target.Id, target.NameOf(info)));
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            reporter.Report(new ErrorEvent("not-found", $"Nobody was found within {request.Timeout:0.##} s who says what this names. Check that somebody shares it, and that this machine knows a node: --bootstrap HOST:PORT or --peer HOST:PORT."));
            return ExitCode.NobodyHasIt;
        }
        catch (SwarmException e)
        {
            throw new ShoalException("bad-torrent-content", TorrentNames.Sentence(e.Error), e);
        }
        finally
        {
            await timeout.CancelAsync();
            await search;
        }
    }
}
