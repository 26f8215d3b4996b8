using Shoal.Core;
using Shoal.Dht;
using Shoal.Node.Events;

namespace Shoal.Node.Commands;

/// <summary>Looks up a key: who is closest to it, who announced under it, and how many they may be (BEP 33).</summary>
internal sealed class DhtLookupCommand(NodeServices services, Reporter reporter)
{
    public async Task<ExitCode> RunAsync(DhtLookupRequest request, CancellationToken ct)
    {
        if (!Hash160.TryParse(request.Key, out var key)) throw new ShoalException("bad-link", $"{request.Key} is no key of the DHT. One is 40 hexadecimal digits.");

        using var session = new DhtSession(services, request.Bootstrap, request.Timeout, ct);
        try
        {
            await session.SettleAsync();
            var peers = new List<FoundPeer>(); // filled on the DHT's loop, which reporting would hold up
            var result = await session.Dht.FindPeersAsync(key, scrape: true, peers.Add, session.Token);
            Report(key, result, peers);
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (session.IsTimeUp)
        {
            reporter.Report(session.Silence());
            return ExitCode.NobodyHasIt;
        }
    }

    private void Report(Hash160 key, FindResult result, IEnumerable<FoundPeer> peers)
    {
        foreach (var peer in peers)
        {
            var found = new FoundPeerEvent(key.ToString(), peer.EndPoint.ToString(), "dht", peer.Hops, Math.Round(peer.Elapsed.TotalMilliseconds, 1));
            reporter.Report(found with { From = peer.Contact?.ToString(), Queries = peer.Queries });
        }

        foreach (var contact in result.Closest)
        {
            var distance = contact.Id.Value ^ key;
            reporter.Report(new ContactEvent(contact.Id.ToString(), contact.EndPoint.ToString(), distance.LeadingZeros, distance.ToString(), contact.Hops));
        }

        reporter.Report(new LookupEvent(
            key.ToString(), result.Contacts, result.Peers, result.Queries, result.Hops, Math.Round(result.Elapsed.TotalSeconds, 3), Estimate(result.Seeds), Estimate(result.Downloaders),
            result.IsCrowded));
    }

    private static double? Estimate(double? count) => count is { } some ? Math.Round(some, 1) : null;
}
