using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Discovery.Local;
using Shoal.Discovery.Trackers;
using Shoal.Engine;
using Shoal.Node.Events;
using Shoal.Node.Network;
using Shoal.Node.Torrents;

namespace Shoal.Node.Commands;

/// <summary>Asks the DHT, the local network and trackers who has something. Goes on asking until somebody does or the time is up.</summary>
internal sealed class FindCommand(NodeServices services, Reporter reporter)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500); // for the other ways to find somebody too

    public async Task<ExitCode> RunAsync(FindRequest request, CancellationToken ct)
    {
        if (services.Network is not { } network) throw new ShoalException("offline", "Whoever holds this store works without a network just now. Try again in a moment.");

        var (id, key, torrent) = Read(request.Id);
        network.AddBootstrap(request.Bootstrap);
        var found = await ReportOwnAsync(id, key);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(request.Timeout), services.Options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(either.Token);
            var isPrivate = services.Store.Find(key) is { IsPrivate: true }; // then only its trackers are asked (BEP 27)
            Task onLan = new TaskCompletionSource().Task, onTracker = onLan;
            using var lan = isPrivate ? null : HearLan(id, key, out onLan);
            using var trackers = AskTrackers(id, key, torrent, request.Trackers, out onTracker);
            Task[] ways = [AskNamedAsync(id, torrent, request.Peers, enough.Token), AskDhtAsync(id, key, isPrivate, enough.Token), onLan.WaitAsync(enough.Token), onTracker.WaitAsync(enough.Token)];
            if (!found) await Task.WhenAny(ways);
            found |= ways.Any(w => w.IsCompletedSuccessfully);
            await Task.WhenAny(Task.WhenAll(ways), Task.Delay(found ? Grace : Timeout.InfiniteTimeSpan, services.Options.Clock, either.Token));
            await enough.CancelAsync();
            await Task.WhenAll(ways);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // time is up, or enough was found
        }

        ct.ThrowIfCancellationRequested();
        if (found) return ExitCode.Done;

        reporter.Report(new ErrorEvent("not-found", $"Nobody was found who has {id} within {request.Timeout:0.##} s. If others should, check that this machine knows a node: --bootstrap HOST:PORT."));
        return ExitCode.NobodyHasIt;
    }

    /// <summary>Ends when a lookup found somebody.</summary>
    private async Task AskDhtAsync(string id, Hash160 key, bool isPrivate, CancellationToken ct)
    {
        if (isPrivate) await Task.Delay(Timeout.InfiniteTimeSpan, services.Options.Clock, ct);

        var seen = new HashSet<NetEndPoint>();
        while (seen.Count == 0)
        {
            await services.Network!.Dht.FindPeersAsync(
                key,
                peer =>
                {
                    if (seen.Add(peer.EndPoint)) Report(id, peer.EndPoint, "dht", peer.Hops, peer.Elapsed);
                },
                ct);
            if (seen.Count == 0) await Task.Delay(Pause, services.Options.Clock, ct);
        }
    }

    /// <summary>Reports who on the local network has it, until the result is disposed.</summary>
    /// <param name="first">Ends when somebody does.</param>
    private IDisposable? HearLan(string id, Hash160 key, out Task first)
    {
        var started = services.Options.Clock.GetTimestamp();
        var somebody = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new HashSet<NetEndPoint>();
        first = somebody.Task;
        return services.Network!.JoinLan(key, LocalInterest.Find, peer =>
        {
            if (seen.Add(peer)) Report(id, peer, "lan", 0, services.Options.Clock.GetElapsedTime(started));
            somebody.TrySetResult();
        });
    }

    /// <summary>Reports whom trackers name, until the result is disposed. They are told that we go again, under a name of its own, and list nobody.</summary>
    /// <param name="first">Ends when a tracker names somebody.</param>
    private TrackerHold? AskTrackers(string id, Hash160 key, InfoHash? torrent, IReadOnlyList<string> named, out Task first)
    {
        var somebody = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        first = somebody.Task;
        var tiers = TrackerLists.Merge(TrackerLists.Each(named), torrent is { } known ? services.Store.Trackers(known) : []);
        if (tiers.Count == 0) return null;

        var started = services.Options.Clock.GetTimestamp();
        var seen = new HashSet<NetEndPoint>();
        return services.Network!.Trackers.Join(new TrackedTorrent
        {
            Keys = [key],
            Tiers = TrackerLists.Read(tiers),
            Counts = static () => AnnounceCounts.Unknown,
            PeerId = NodeNetwork.NewPeerId(),
            OnPeers = peers =>
            {
                foreach (var peer in peers.Where(seen.Add)) Report(id, peer, "tracker", 0, services.Options.Clock.GetElapsedTime(started));
                somebody.TrySetResult();
            },
        });
    }

    /// <summary>Ends when a peer that the user named was reached and is in the swarm; never if none was named.</summary>
    private async Task AskNamedAsync(string id, InfoHash? torrent, IReadOnlyList<string> peers, CancellationToken ct)
    {
        var named = torrent is null ? [] : await services.Network!.ResolveNamedAsync([.. peers, .. services.Options.Peers], ct);
        if (named.Count == 0) await Task.Delay(Timeout.InfiniteTimeSpan, services.Options.Clock, ct);

        var started = services.Options.Clock.GetTimestamp();
        await using var lease = await services.Swarms!.EnterAsync(new SwarmNames(torrent!.Value) { MayBeRun = !torrent.Value.IsV1 });
        lease.Swarm.AddPeers(named, named: true);
        var seen = new HashSet<NetEndPoint>();
        while (true)
        {
            foreach (var peer in lease.Swarm.Snapshot.Peers.Where(p => named.Contains(p.EndPoint)))
            {
                if (seen.Add(peer.EndPoint)) Report(id, peer.EndPoint, "peer", 0, services.Options.Clock.GetElapsedTime(started));
            }

            if (seen.Count > 0) return;

            await Task.Delay(Look, services.Options.Clock, ct);
        }
    }

    private void Report(string id, NetEndPoint endPoint, string via, int hops, TimeSpan elapsed) =>
        reporter.Report(new FoundPeerEvent(id, endPoint.ToString(), via, hops, Math.Round(elapsed.TotalMilliseconds, 1)));

    private async Task<bool> ReportOwnAsync(string id, Hash160 key)
    {
        if (services.Network!.Hints.Count == 0) return false;
        if (services.Network.Engine.Swarms.All(s => !s.Keys.Contains(key) || s.Snapshot.Have == 0) && !await services.Runs!.HasAsync(key)) return false;

        reporter.Report(new FoundPeerEvent(id, services.Network.Hints[0], "local", 0, 0));
        return true;
    }

    private static (string Id, Hash160 Key, InfoHash? Torrent) Read(string text)
    {
        if (Hash256.TryParse(text, out var id)) return (id.ToString(), id.Truncated, new InfoHash(id));
        if (MagnetLink.TryReadV1(text, out var v1)) return (v1.ToString(), v1, new InfoHash(v1));
        if (!MagnetLink.TryParse(text, out var link)) throw new ShoalException("bad-link", $"{text} is no ID. One is 64 hexadecimal digits, or a link.");

        return link.InfoHash is { } named ? (named.ToString(), named.Truncated, named) : (link.InfoHashV1!.Value.ToString(), link.InfoHashV1.Value, new InfoHash(link.InfoHashV1.Value));
    }
}
