using Shoal.Core;
using Shoal.Discovery.Local;
using Shoal.Engine;
using Shoal.Node.Network;

namespace Shoal.Node.Torrents;

/// <summary>Looks for peers of a swarm in the DHT, again and again while it lacks them, ever more slowly, and on the local network.</summary>
internal sealed class PeerSearch(NodeNetwork network, SwarmLoop swarm, TimeProvider clock)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <param name="named">Peers that the user named, <c>host:port</c>: they come first.</param>
    /// <param name="asksAround">False for a torrent that is known to be private (BEP 27).</param>
    public async Task RunAsync(IReadOnlyList<string> named, bool asksAround, CancellationToken ct)
    {
        using var around = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var asking = asksAround ? Task.WhenAll(LookUpAsync(around.Token), HearLanAsync(around.Token), EndIfPrivateAsync(around)) : Task.CompletedTask;
        try
        {
            var peers = await network.ResolveNamedAsync(named, ct);
            if (peers.Count > 0) swarm.AddPeers(peers, named: true);
        }
        catch (OperationCanceledException)
        {
            // enough
        }

        await asking;
    }

    /// <summary>What turns out to be private is asked for no longer (BEP 27).</summary>
    private async Task EndIfPrivateAsync(CancellationTokenSource around)
    {
        try
        {
            var info = await swarm.Metadata.WaitAsync(around.Token);
            if (info.IsPrivate) await around.CancelAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or SwarmException)
        {
            // enough, or there is no such torrent
        }
    }

    private List<Hash160> Keys() => [.. swarm.Keys, .. swarm.Ids];

    private async Task HearLanAsync(CancellationToken ct)
    {
        var known = Keys();
        var heard = known.Select(Hear).ToList();
        try
        {
            var info = await swarm.Metadata.WaitAsync(ct);
            heard.AddRange(info.Keys.Concat(Keys()).Except(known).Select(Hear));
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, ct);
        }
        catch (OperationCanceledException)
        {
            // enough
        }
        finally
        {
            foreach (var one in heard) one?.Dispose();
        }

        IDisposable? Hear(Hash160 key) => network.JoinLan(key, LocalInterest.Get, peer => swarm.AddPeers([peer]));
    }

    private async Task LookUpAsync(CancellationToken ct)
    {
        var pause = First;
        try
        {
            while (true)
            {
                var keys = Keys();
                await Task.WhenAll(keys.Select(key => network.Dht.FindPeersAsync(key, found => swarm.AddPeers([found.EndPoint]), ct)));
                if (Keys().Count > keys.Count) continue; // it turned out to be a hybrid, or the name that of a file

                await Task.Delay(pause, clock, ct);
                pause = pause * 1.5 < Longest ? pause * 1.5 : Longest;
            }
        }
        catch (OperationCanceledException)
        {
            // enough, or the node stops
        }
    }
}
