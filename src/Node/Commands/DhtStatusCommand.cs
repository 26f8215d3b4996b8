using Shoal.Dht;
using Shoal.Node.Events;

namespace Shoal.Node.Commands;

/// <summary>Says what the DHT looks like, once it has joined.</summary>
internal sealed class DhtStatusCommand(NodeServices services, Reporter reporter)
{
    private const double Seconds = 30; // settling takes far less

    public async Task<ExitCode> RunAsync(DhtStatusRequest request, CancellationToken ct)
    {
        using var session = new DhtSession(services, request.Bootstrap, Seconds, ct);
        await session.SettleAsync();
        reporter.Report(Describe(session.Dht.Snapshot));
        return ExitCode.Done;
    }

    private static DhtStatusEvent Describe(DhtSnapshot snapshot)
    {
        var counters = snapshot.Counters;
        return new DhtStatusEvent(
            [.. snapshot.Nodes.Select(Describe)], snapshot.OwnKeys, snapshot.Queries.ToDictionary(q => q.Key, q => new DhtTrafficItem(q.Value.Received, q.Value.Sent)),
            counters.ResponsesReceived, counters.ErrorsReceived, counters.Timeouts, counters.RateLimited, counters.Malformed,
            snapshot.Dropped, snapshot.BytesSent, snapshot.BytesReceived);
    }

    private static DhtNodeItem Describe(DhtNodeSnapshot node) => new(
        node.Id.ToString(), node.LocalEndPoint.ToString(), node.ExternalEndPoint?.ToString(), node.Good, node.Questionable,
        [.. node.Buckets.Select((b, bits) => new DhtBucketItem(bits, b.Good, b.Questionable, b.Capacity))],
        [.. node.Contacts.Select(c => new DhtContactItem(c.Id.ToString(), c.EndPoint.ToString(), c.IsGood))],
        node.StoredKeys, node.StoredPeers, node.StoredItems, node.NetworkSize is { } size ? Math.Round(size, 1) : null);
}
