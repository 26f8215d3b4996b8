using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Dht;
using Shoal.Node.Events;
using Shoal.Node.Torrents;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>Makes a torrent of each path, says its link as soon as it can be fetched, and serves until it is stopped.</summary>
internal sealed class ShareCommand(NodeServices services, Reporter reporter)
{
    private readonly List<SwarmLease> _leases = [];
    private readonly HashSet<InfoHash> _warned = [];

    public async Task<ExitCode> RunAsync(IReadOnlyList<ShareRequest> requests, CancellationToken ct)
    {
        if (services.Swarms is null || services.Network is null) throw new ShoalException("offline", "Whoever holds this store works without a network just now. Try again in a moment.");

        try
        {
            foreach (var request in requests) await ShareAsync(request, ct);
            await ServeAsync(ct);
            return ExitCode.Done;
        }
        finally
        {
            foreach (var lease in _leases) await lease.DisposeAsync();
        }
    }

    private async Task ShareAsync(ShareRequest request, CancellationToken ct)
    {
        var settings = new ShareSettings { Name = request.Name, PieceLength = request.PieceLength, IsPrivate = request.Private, IsHybrid = request.Hybrid, Copy = request.Copy };
        var hashing = new HashingReport(request.Path, reporter, services.Options.Clock);
        var shared = await services.Store.ShareAsync(request.Path, settings, hashing, ct);
        var trackers = TrackerLists.Merge(request.Trackers.Count > 0 ? TrackerLists.Each(request.Trackers) : services.Store.Trackers(shared.Info.InfoHash));
        if (request.Trackers.Count > 0) await services.Store.SetTrackersAsync(shared.Info.InfoHash, trackers, ct);
        if (request.WriteTorrent is { } path) await WriteAsync(new MetainfoFile(shared.Info, shared.Layers) { TrackerTiers = trackers, WebSeeds = request.WebSeeds }, path, ct);

        var lease = await services.Swarms!.EnterAsync(shared.Info.InfoHash, shared.Info.InfoHashV1);
        _leases.Add(lease);
        await lease.OpenAsync(await services.Store.OpenAsync(shared.Torrent, ct), fetch: false);
        await services.Serving!.KeepAsync(shared.Info.InfoHash, shared.Info.InfoHashV1);
        foreach (var peer in await services.Network!.ResolveNamedAsync([.. services.Options.Peers, .. request.Peers], ct)) lease.Swarm.AddPeers([peer], named: true);
        services.Network.AddBootstrap(request.Bootstrap);

        var info = shared.Info;
        if (info.IsSingleFile && Directory.Exists(request.Path))
            reporter.Report(new WarningEvent("single-file", $"{request.Path} holds one file only: whoever gets it receives the file {info.Name}, without the folder."));
        if (info.IsPrivate && (trackers.Count == 0 || !services.Options.Announces))
            reporter.Report(new WarningEvent("private", $"The torrent is private{(trackers.Count == 0 ? " and names no tracker" : "")}: it is announced nowhere and its link has no addresses. Whoever gets it needs --peer with an address of this machine."));
        reporter.Report(new SharedEvent(
            TorrentNames.Link(info, services.Network.Hints, trackers, request.WebSeeds), TorrentNames.Infohash(info), info.InfoHashV1?.ToString(), info.Name, info.Length, info.Geometry.PieceLength, TorrentNames.Files(info, hints: services.Network.Hints)));
        if (services.Options.Announces) await lease.TrackAsync(info.Keys, trackers);
        if (services.Options.Announces && !info.IsPrivate) _ = AnnounceAsync(lease, ct);
    }

    private async Task AnnounceAsync(SwarmLease lease, CancellationToken ct)
    {
        try
        {
            var looking = new TaskCompletionSource<CheckResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (await lease.AnnounceAsync(isSeed: true, looked => looking.TrySetResult(looked), ct) is not { } result) return;

            reporter.Report(new AnnouncedEvent(lease.Swarm.InfoHash.ToString(), result.Nodes, Math.Round(result.Elapsed.TotalSeconds, 3)));
            var found = await looking.Task.WaitAsync(ct);
            reporter.Report(new FindableEvent(lease.Swarm.InfoHash.ToString(), found.IsFound, found.Hops, Math.Round(found.Elapsed.TotalSeconds, 3)));
        }
        catch (OperationCanceledException)
        {
            // stopped meanwhile
        }
    }

    private static async Task WriteAsync(MetainfoFile metainfo, string path, CancellationToken ct)
    {
        try
        {
            var target = Directory.Exists(path) ? Path.Combine(path, metainfo.Info.Name + ".torrent") : path;
            await File.WriteAllBytesAsync(target, metainfo.Write(), ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ShoalException("unwritable", $"The torrent file cannot be written to {path}. Check that its folder exists and may be written.", e);
        }
    }

    /// <summary>Until stopped; says what is given away when that changes.</summary>
    private async Task ServeAsync(CancellationToken ct)
    {
        ServingEvent? last = null;
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), services.Options.Clock, ct);
                var swarms = _leases.Select(l => l.Swarm.Snapshot).ToList();
                var now = new ServingEvent(swarms.Sum(s => s.Peers.Count), swarms.Sum(s => s.Uploaded), Math.Round(swarms.Sum(s => s.UploadRate)));
                if (now != last) reporter.Report(now);
                last = now;
                WarnOfTrackers();
            }
        }
        catch (OperationCanceledException)
        {
            // told to stop
        }
    }

    /// <summary>Of each torrent once.</summary>
    private void WarnOfTrackers()
    {
        foreach (var lease in _leases)
        {
            if (lease.Trackers?.Trouble is { } trouble && _warned.Add(lease.Swarm.InfoHash)) reporter.Report(new WarningEvent("trackers", trouble));
        }
    }
}
