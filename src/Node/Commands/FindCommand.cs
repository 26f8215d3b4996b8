using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Node.Events;

namespace Shoal.Node.Commands;

/// <summary>Asks the DHT who has something. Goes on asking until somebody does or the time is up.</summary>
internal sealed class FindCommand(NodeServices services, Reporter reporter)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task<ExitCode> RunAsync(FindRequest request, CancellationToken ct)
    {
        if (services.Network is not { } network) throw new ShoalException("offline", "Whoever holds this store works without a network just now. Try again in a moment.");

        var (id, key) = Read(request.Id);
        network.AddBootstrap(request.Bootstrap);
        var found = ReportOwn(id, key) ? 1 : 0;
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(request.Timeout), services.Options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        var seen = new HashSet<NetEndPoint>();
        try
        {
            while (found == 0 || seen.Count == 0)
            {
                await network.Dht.FindPeersAsync(
                    key,
                    peer =>
                    {
                        if (!seen.Add(peer.EndPoint)) return;

                        found++;
                        reporter.Report(new FoundPeerEvent(id, peer.EndPoint.ToString(), "dht", peer.Hops, Math.Round(peer.Elapsed.TotalMilliseconds, 1)));
                    },
                    either.Token);
                if (found > 0) break;

                await Task.Delay(Pause, services.Options.Clock, either.Token);
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // time is up
        }

        if (found > 0) return ExitCode.Done;

        reporter.Report(new ErrorEvent("not-found", $"Nobody was found who has {id} within {request.Timeout:0.##} s. If others should, check that this machine knows a node: --bootstrap HOST:PORT."));
        return ExitCode.NobodyHasIt;
    }

    private bool ReportOwn(string id, Hash160 key)
    {
        if (services.Network!.Hints.Count == 0 || services.Network.Engine.Swarms.All(s => s.InfoHash.Truncated != key || s.Snapshot.Have == 0)) return false;

        reporter.Report(new FoundPeerEvent(id, services.Network.Hints[0], "local", 0, 0));
        return true;
    }

    private static (string Id, Hash160 Key) Read(string text)
    {
        if (Hash256.TryParse(text, out var id)) return (id.ToString(), id.Truncated);
        if (MagnetLink.TryReadV1(text, out var v1)) return (v1.ToString(), v1);
        if (MagnetLink.TryParse(text, out var link))
        {
            return link.InfoHash is { } named ? (named.ToString(), named.Truncated) : (link.InfoHashV1!.Value.ToString(), link.InfoHashV1.Value);
        }

        throw new ShoalException("bad-link", $"{text} is no ID. One is 64 hexadecimal digits, or a link.");
    }
}
