using System.Diagnostics.Metrics;

namespace Shoal.Dht;

/// <summary>What a service tells whoever listens to the meter <c>Shoal.Dht</c>, read from its snapshot.</summary>
internal sealed class DhtMetrics : IDisposable
{
    public const string Name = "Shoal.Dht";

    private readonly Meter _meter = new(Name);

    public DhtMetrics(Func<DhtSnapshot> snapshot)
    {
        _meter.CreateObservableCounter("shoal.dht.queries", () => Queries(snapshot()), "{query}", "Queries by kind, received and sent");
        _meter.CreateObservableCounter("shoal.dht.bytes", () => Bytes(snapshot()), "By", "Bytes of datagrams, received and sent");
        _meter.CreateObservableCounter("shoal.dht.timeouts", () => snapshot().Counters.Timeouts, "{query}", "Queries that nobody answered in time");
        _meter.CreateObservableCounter("shoal.dht.refused", () => snapshot().Counters.RateLimited, "{query}", "Queries left unanswered since their source asks too much, or the ceiling was reached");
        _meter.CreateObservableCounter("shoal.dht.malformed", () => snapshot().Counters.Malformed, "{datagram}", "Datagrams that were no message, or answered nothing");
        _meter.CreateObservableCounter("shoal.dht.dropped", () => snapshot().Dropped, "{datagram}", "Datagrams that found the queue full");
        _meter.CreateObservableUpDownCounter("shoal.dht.contacts", () => Contacts(snapshot()), "{contact}", "Contacts in the routing tables");
        _meter.CreateObservableUpDownCounter("shoal.dht.stored", () => Stored(snapshot()), "{entry}", "What others have left with us");
        _meter.CreateObservableUpDownCounter("shoal.dht.announced", () => snapshot().OwnKeys, "{key}", "Keys that we announce");
        _meter.CreateObservableGauge("shoal.dht.network.size", () => Sizes(snapshot()), "{node}", "An estimate of how many nodes the network has");
    }

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<long>> Queries(DhtSnapshot snapshot)
    {
        foreach (var (name, traffic) in snapshot.Queries)
        {
            yield return new Measurement<long>(traffic.Received, new("query", name), new("direction", "received"));
            yield return new Measurement<long>(traffic.Sent, new("query", name), new("direction", "sent"));
        }
    }

    private static IEnumerable<Measurement<long>> Bytes(DhtSnapshot snapshot) =>
        [new(snapshot.BytesReceived, new KeyValuePair<string, object?>("direction", "received")), new(snapshot.BytesSent, new KeyValuePair<string, object?>("direction", "sent"))];

    private static IEnumerable<Measurement<int>> Contacts(DhtSnapshot snapshot)
    {
        foreach (var node in snapshot.Nodes)
        {
            var address = new KeyValuePair<string, object?>("address", node.LocalEndPoint.ToString());
            yield return new Measurement<int>(node.Good, address, new("state", "good"));
            yield return new Measurement<int>(node.Questionable, address, new("state", "questionable"));
        }
    }

    private static IEnumerable<Measurement<int>> Stored(DhtSnapshot snapshot) =>
    [
        new(snapshot.Nodes.Sum(n => n.StoredKeys), new KeyValuePair<string, object?>("kind", "keys")),
        new(snapshot.Nodes.Sum(n => n.StoredPeers), new KeyValuePair<string, object?>("kind", "peers")),
        new(snapshot.Nodes.Sum(n => n.StoredItems), new KeyValuePair<string, object?>("kind", "items")),
    ];

    private static IEnumerable<Measurement<double>> Sizes(DhtSnapshot snapshot)
    {
        foreach (var node in snapshot.Nodes)
            if (node.NetworkSize is { } nodes) yield return new Measurement<double>(nodes, new KeyValuePair<string, object?>("address", node.LocalEndPoint.ToString()));
    }
}
