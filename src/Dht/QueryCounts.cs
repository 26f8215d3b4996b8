using Shoal.Dht.Krpc;

namespace Shoal.Dht;

/// <summary>Queries by their name on the wire.</summary>
internal static class QueryCounts
{
    private static readonly (KrpcVerb Verb, string Name)[] Names =
    [
        (KrpcVerb.Unknown, "unknown"),
        (KrpcVerb.Ping, "ping"),
        (KrpcVerb.FindNode, "find_node"),
        (KrpcVerb.GetPeers, "get_peers"),
        (KrpcVerb.AnnouncePeer, "announce_peer"),
        (KrpcVerb.AnnouncePeers, "announce_peers"),
        (KrpcVerb.Get, "get"),
        (KrpcVerb.Put, "put"),
        (KrpcVerb.SampleInfohashes, "sample_infohashes"),
    ];

    public static IReadOnlyDictionary<string, DhtTraffic> Of(IReadOnlyList<BoundNode> nodes)
    {
        var counts = new Dictionary<string, DhtTraffic>(Names.Length);
        foreach (var (verb, name) in Names)
        {
            var (received, sent) = (0L, 0L);
            foreach (var node in nodes)
            {
                received += node.Node.Received[(int)verb];
                sent += node.Node.Sent[(int)verb];
            }

            counts.Add(name, new DhtTraffic(received, sent));
        }

        return counts;
    }
}
