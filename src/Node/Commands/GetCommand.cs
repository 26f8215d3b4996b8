using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Node.Events;
using Shoal.Node.Torrents;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>Finds what a link names, fetches it into a folder, and ends when every byte is proven and in its place; or goes on serving.</summary>
internal sealed class GetCommand(NodeServices services, GetRequest request, Reporter reporter)
{
    private static readonly TimeSpan Pulse = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _clock = services.Options.Clock;
    private readonly long _started = services.Options.Clock.GetTimestamp();
    private long? _length; // of what is wanted, once that is known
    private long _reused;
    private string _phase = "finding";
    private bool _isAnnounced;
    private string? _trackerTrouble;
    private bool _isWhole;

    public async Task<ExitCode> RunAsync(CancellationToken ct)
    {
        if (services.Swarms is null || services.Network is null) throw new ShoalException("offline", "Whoever holds this store works without a network just now. Try again in a moment.");

        var target = LinkTarget.Read(request.Link, request.Torrent);
        if (request.Quota is { } quota) await services.Store.SetQuotaAsync(quota > 0 ? quota : null, ct);
        using var stall = new StallWatch(request.Timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, stall.Token);
        await using var lease = await services.Swarms.EnterAsync(target.Swarm);
        using var pulseStop = CancellationTokenSource.CreateLinkedTokenSource(either.Token);
        services.Network.AddBootstrap(request.Bootstrap);
        services.Network.AddNodesOf(target.Metainfo);
        lease.Swarm.AddWebSeeds(target.WebSeeds);
        var trackers = TrackerLists.Merge(target.Trackers, TrackerLists.Each(request.Trackers), services.Store.Trackers(target.Id));
        await lease.TrackAsync(target.Keys, trackers);
        var isPrivate = (target.Metainfo?.Info.IsPrivate ?? services.Store.Find(target.Id)?.IsPrivate) == true;
        Task pulse = PulseAsync(lease, stall, pulseStop.Token), find = new PeerSearch(services.Network, lease.Swarm, _clock).RunAsync([.. target.Peers, .. request.Peers, .. services.Options.Peers], asksAround: !isPrivate, pulseStop.Token);
        try
        {
            var (path, info) = await FetchAsync(target, lease, trackers, stall, either.Token);
            await pulseStop.CancelAsync();
            await Task.WhenAll(pulse, find);
            Done(path, lease.Swarm.Snapshot);
            if (services.Store.Find(info.InfoHash) is { } held) OtherHolders.Remember(services.Store, held, lease.Swarm.Snapshot);
            if (_isAnnounced) lease.AnnounceWhenDue(isSeed: _isWhole);
            await services.Serving!.KeepAsync(info.InfoHash, info.InfoHashV1);
        }
        catch (OperationCanceledException) when (stall.HasStalled && !ct.IsCancellationRequested)
        {
            return Stalled(stall, lease.Swarm.Snapshot);
        }
        catch (SwarmException e)
        {
            throw new ShoalException("bad-torrent-content", TorrentNames.Sentence(e.Error), e);
        }
        finally
        {
            await pulseStop.CancelAsync();
            await Task.WhenAll(pulse, find);
        }

        if (request.Seed) await ServeAsync(ct);
        return ExitCode.Done;
    }

    private async Task<(string Path, TorrentInfo Info)> FetchAsync(
        LinkTarget target, SwarmLease lease, IReadOnlyList<IReadOnlyList<string>> trackers, StallWatch stall, CancellationToken ct)
    {
        using var turn = await lease.TakeTurnAsync(ct);
        var (info, layers) = await target.DescribeAsync(services.Store, lease.Swarm, ct);
        stall.Moved();
        var only = FileChoice.Of(info, request.Only, target.Select);
        _length = only.Length;
        var description = TorrentNames.Describe(info, asked: target.Id, name: target.NameOf(info));
        reporter.Report(only.IsAll ? description : description with { Selected = new SelectedItem(only.Count, only.Length) });
        await lease.TrackAsync(info.Keys, trackers); // a link need not say that it names a hybrid

        Action<PieceIndex, string>? arrived = null;
        if (request.Pieces) lease.Swarm.PieceArrived += arrived = (piece, from) => reporter.Report(new PieceEvent(piece, info.Geometry.PieceCount, from));
        try
        {
            while (true)
            {
                var content = await BeginAsync(info, layers, target.NameOf(info), only, stall, ct);
                if (trackers.Count > 0) await services.Store.SetTrackersAsync(info.InfoHash, trackers, ct);
                if (only.IsIn(content.CopyPresent()) && lease.Swarm.Snapshot.Phase == SwarmPhase.Complete)
                {
                    await using (content) return (await CompleteAsync(content, only, ct), info); // another copy is served already
                }

                await lease.OpenAsync(content, fetch: true, only);
                _isAnnounced = services.Options.Announces && services.Options.Upload && !info.IsPrivate;
                if (_isAnnounced) _ = AnnounceAsync(lease, ct);
                if (!only.IsIn(content.CopyPresent()))
                {
                    await lease.Swarm.Completed.WaitAsync(ct);
                    if (content.CopyPresent().IsFull) lease.Trackers?.Complete();
                }

                if (only.IsIn(content.CopyPresent())) return (await CompleteAsync(content, only, ct), info);

                // another copy was shared into the swarm meanwhile: what is missing here is taken from it
            }
        }
        finally
        {
            if (arrived is not null) lease.Swarm.PieceArrived -= arrived;
        }
    }

    private async Task<TorrentContent> BeginAsync(TorrentInfo info, PieceLayers layers, string? name, Selection only, StallWatch stall, CancellationToken ct)
    {
        _phase = "preparing";
        var proving = new HashingReport(Path.Combine(request.Folder, name ?? info.Name), reporter, _clock, stall.Moved);
        var settings = new DownloadSettings { Overwrite = request.Overwrite, Only = only, Name = name };
        TorrentContent content;
        try
        {
            content = await services.Store.BeginDownloadAsync(info, layers, request.Folder, settings, proving, ct);
        }
        catch (StoreException e) when (e.Code == StoreErrorCode.OverQuota && request.MakeRoom && services.Store.Quota is { } quota && quota >= only.Length)
        {
            await new Collection(services, reporter) { Except = info.InfoHash }.RunAsync(quota - only.Length, ct);
            content = await services.Store.BeginDownloadAsync(info, layers, request.Folder, settings, proving, ct);
        }

        _reused = content.ReusedBytes;
        _phase = "downloading";
        return content;
    }

    private async Task<string> CompleteAsync(TorrentContent content, Selection only, CancellationToken ct)
    {
        _phase = "finishing";
        var path = await content.CompleteAsync(only, ct);
        _reused = content.ReusedBytes;
        _isWhole = content.IsComplete;
        return path;
    }

    private static async Task AnnounceAsync(SwarmLease lease, CancellationToken ct)
    {
        try
        {
            await lease.AnnounceAsync(isSeed: false, onChecked: null, ct);
        }
        catch (OperationCanceledException)
        {
            // done, or stopped
        }
    }

    private async Task PulseAsync(SwarmLease lease, StallWatch stall, CancellationToken ct)
    {
        ProgressEvent? last = null;
        long received = 0, have = 0;
        try
        {
            while (true)
            {
                await Task.Delay(Pulse, _clock, ct);
                var now = lease.Swarm.Snapshot;
                if (now.Downloaded > received) stall.Received();
                else if (now.Phase != SwarmPhase.Metadata && last is { Length: 0 }) stall.Received(); // the metadata came
                else if (now.WantedHave > have) stall.Moved(); // found in the store
                (received, have) = (now.Downloaded, now.WantedHave);
                var next = Describe(now);
                if (next != last) reporter.Report(next with { Sources = Sources(now) });
                last = next;
                WarnOfTrackers(lease.Trackers?.Trouble, now);
            }
        }
        catch (OperationCanceledException)
        {
            // done, or stopped
        }
    }

    /// <summary>Once, and only if nobody was found in another way.</summary>
    private void WarnOfTrackers(string? trouble, SwarmSnapshot now)
    {
        if (trouble is null || _trackerTrouble is not null || now.Known > 0 || now.Peers.Count > 0) return;

        _trackerTrouble = trouble;
        reporter.Report(new WarningEvent("trackers", trouble));
    }

    private ProgressEvent Describe(SwarmSnapshot now) => new(Math.Min(now.WantedHave, _length ?? now.WantedLength), _length ?? now.WantedLength, Math.Round(now.DownloadRate), now.Peers.Count)
    {
        Phase = now.Phase == SwarmPhase.Metadata ? (now.Peers.Count > 0 ? "metadata" : now.Connecting > 0 ? "connecting" : "finding") : _phase,
    };

    private static PeerItem[] Sources(SwarmSnapshot now)
    {
        var live = now.Peers.Where(p => p.Received > 0).ToDictionary(p => (p.EndPoint, p.PeerId), p => p.DownloadRate);
        return [.. now.Givers.OrderByDescending(g => g.Received).Select(g => new PeerItem(g.Address, g.Client, g.Received)
        {
            Rate = Math.Round(live.GetValueOrDefault((g.EndPoint, g.PeerId))),
        })];
    }

    private void Done(string path, SwarmSnapshot last)
    {
        var peers = last.Givers.GroupBy(g => g.Address)
            .Select(g => new PeerItem(g.Key, g.Last().Client, g.Sum(p => p.Received)))
            .OrderByDescending(p => p.Bytes);
        var seconds = Math.Round(_clock.GetElapsedTime(_started).TotalSeconds, 3);
        reporter.Report(new DoneEvent(path, _length ?? 0, Math.Min(_reused, _length ?? 0), seconds, Math.Round(last.Transfer.TotalSeconds, 3), [.. peers]));
    }

    private ExitCode Stalled(StallWatch stall, SwarmSnapshot last)
    {
        var seconds = $"{request.Timeout:0.##} s";
        if (!stall.EverReceived)
        {
            reporter.Report(new ErrorEvent("not-found", last.Known == 0
                ? $"Nobody was found who has this within {seconds}. Check that somebody shares it, and that this machine knows a node: --bootstrap HOST:PORT or --peer HOST:PORT."
                : $"{last.Known} address(es) were found, and none of them gave anything within {seconds}. Check that whoever shares it is still running and can be reached."));
            return ExitCode.NobodyHasIt;
        }

        reporter.Report(new ErrorEvent("stalled", $"Nothing more came for {seconds}. What was fetched is kept: the same command goes on from there."));
        return ExitCode.Failed;
    }

    private async Task ServeAsync(CancellationToken ct)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _clock, ct);
        }
        catch (OperationCanceledException)
        {
            // told to stop
        }
    }
}
