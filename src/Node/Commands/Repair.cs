using Shoal.Core.Geometry;
using Shoal.Node.Events;
using Shoal.Node.Torrents;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>Fetches what is bad of one copy, where it stands, from the rest of the store and the network, as a <c>get</c> would: each file is replaced by one rename once it is whole.</summary>
internal sealed class Repair(NodeServices services, VerifyRequest request, Reporter reporter)
{
    /// <returns>How it ended; anything but done was said as an error.</returns>
    public async Task<ExitCode> RunAsync(StoredTorrent torrent, IReadOnlyList<PieceIndex> bad, CancellationToken ct)
    {
        if (services.Swarms is null || services.Network is not { } network) throw new ShoalException("offline", "Whoever holds this store works without a network just now. Try again in a moment.");

        var clock = services.Options.Clock;
        using var stall = new StallWatch(request.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, stall.Token);
        await using var lease = await services.Swarms.EnterAsync(torrent.Id, torrent.IdV1);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(either.Token);
        network.AddBootstrap(request.Bootstrap);
        var search = new PeerSearch(network, lease.Swarm, clock).RunAsync([.. request.Peers, .. services.Options.Peers], asksAround: !torrent.IsPrivate, enough.Token);
        var pulse = PulseAsync(lease, stall, clock, enough.Token);
        try
        {
            using var turn = await lease.TakeTurnAsync(either.Token);
            var path = await FetchAsync(torrent, lease, stall, either.Token);
            OtherHolders.Remember(services.Store, torrent, lease.Swarm.Snapshot);
            var geometry = services.Store.ReadInfo(torrent).Geometry;
            reporter.Report(new RepairedEvent(torrent.Id.ToString(), path, bad.Count, bad.Sum(p => (long)geometry.ContentLengthOf(p))));
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (stall.HasStalled && !ct.IsCancellationRequested)
        {
            reporter.Report(stall.EverReceived
                ? new ErrorEvent("stalled", $"{torrent.Path} is not whole yet, and nothing more came for {request.Timeout:0.##} s. What was fetched is kept: the same command goes on from there.")
                : new ErrorEvent("not-found", $"{torrent.Path} could not be repaired: nobody gave anything of it within {request.Timeout:0.##} s. Name somebody who has it: --peer or --bootstrap HOST:PORT."));
            return stall.EverReceived ? ExitCode.Failed : ExitCode.NobodyHasIt;
        }
        finally
        {
            await enough.CancelAsync();
            await Task.WhenAll(search, pulse);
        }
    }

    private async Task<string> FetchAsync(StoredTorrent torrent, SwarmLease lease, StallWatch stall, CancellationToken ct)
    {
        TorrentContent content;
        var proving = new HashingReport(torrent.Path, reporter, services.Options.Clock, stall.Moved);
        await using (var known = await services.Store.OpenAsync(torrent, ct))
        {
            var settings = new DownloadSettings { Overwrite = true, Name = Path.GetFileName(torrent.Path), MendsShared = request.Shared };
            content = await services.Store.BeginDownloadAsync(known.Info, known.Layers, Path.GetDirectoryName(torrent.Path)!, settings, proving, ct);
        }

        await lease.OpenAsync(content, fetch: true);
        await lease.TrackAsync(content.Info.Keys, TrackerLists.Merge(services.Store.Trackers(torrent.Id)));
        if (!content.CopyPresent().IsFull) await lease.Swarm.Completed.WaitAsync(ct);
        if (!content.CopyPresent().IsFull) throw new ShoalException("in-use", $"{torrent.Name} is being shared or fetched by another command on this store just now. Stop that command first, then repair it.");

        return await content.CompleteAsync(ct);
    }

    private async Task PulseAsync(SwarmLease lease, StallWatch stall, TimeProvider clock, CancellationToken ct)
    {
        var received = 0L;
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250), clock, ct);
                var now = lease.Swarm.Snapshot;
                if (now.Downloaded > received)
                {
                    stall.Received();
                    reporter.Report(new ProgressEvent(now.WantedHave, now.WantedLength, Math.Round(now.DownloadRate), now.Peers.Count) { Phase = "downloading" });
                }

                received = now.Downloaded;
            }
        }
        catch (OperationCanceledException)
        {
            // done, or stopped
        }
    }
}
