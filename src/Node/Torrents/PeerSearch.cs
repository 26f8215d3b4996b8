using Shoal.Engine;
using Shoal.Node.Network;

namespace Shoal.Node.Torrents;

/// <summary>Looks for peers of a swarm in the DHT, again and again while it lacks them, ever more slowly.</summary>
internal sealed class PeerSearch(NodeNetwork network, SwarmLoop swarm, TimeProvider clock)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <param name="named">Peers that the user named, <c>host:port</c>: they come first.</param>
    /// <param name="asksDht">False for a torrent that is known to be private (BEP 27).</param>
    public async Task RunAsync(IReadOnlyList<string> named, bool asksDht, CancellationToken ct)
    {
        var asking = asksDht ? LookUpAsync(ct) : Task.CompletedTask;
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

    private async Task LookUpAsync(CancellationToken ct)
    {
        var pause = First;
        try
        {
            while (true)
            {
                await network.Dht.FindPeersAsync(swarm.InfoHash.Truncated, found => swarm.AddPeers([found.EndPoint]), ct);
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
