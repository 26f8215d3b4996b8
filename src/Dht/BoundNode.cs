using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Routing;
using Shoal.Dht.Sockets;

namespace Shoal.Dht;

/// <summary>One socket of a service and the node that lives on it; each address is a node of its own (BEP 45). Owned by the service's loop.</summary>
internal sealed class BoundNode(IDatagramSocket socket, DhtNode node, int maxWaiting)
{
    /// <summary>Datagrams received or sent together: one look at the clock, and where the system can, one call.</summary>
    public const int AtOnce = 64;

    private static readonly TimeSpan SnapshotAge = TimeSpan.FromSeconds(10);

    private DhtNodeSnapshot? _snapshot;
    private int _snapshotVersion = -1;
    private TimeSpan _snapshotAt;

    public IDatagramSocket Socket => socket;

    public DhtNode Node => node;

    /// <summary>From the socket's reader to the loop.</summary>
    public DatagramQueue Arrived { get; } = new(maxWaiting);

    public Outbox Outbox { get; } = new();

    /// <summary>What the socket is to send next.</summary>
    public DatagramBatch Leaving { get; } = new(AtOnce);

    /// <summary>What was asked of the node, by number.</summary>
    public Dictionary<int, Wish> Wishes { get; } = [];

    /// <summary>The node of the other family that is told of its contacts.</summary>
    public BoundNode? Sibling { get; set; }

    public DhtNodeSnapshot Snapshot(TimeSpan now)
    {
        var table = node.Table;
        if (_snapshot is not null && _snapshotVersion == table.Version && now - _snapshotAt < SnapshotAge)
        {
            var isSame = _snapshot.StoredPeers == node.Store.Peers && _snapshot.StoredKeys == node.Store.Keys && _snapshot.StoredItems == node.Items.Count && _snapshot.ExternalEndPoint == node.External.Agreed
                && _snapshot.NetworkSize == node.Lookups.Size.Nodes;
            return isSame ? _snapshot : _snapshot = _snapshot with
            {
                StoredKeys = node.Store.Keys,
                StoredPeers = node.Store.Peers,
                StoredItems = node.Items.Count,
                ExternalEndPoint = node.External.Agreed,
                NetworkSize = node.Lookups.Size.Nodes,
            };
        }

        (_snapshotVersion, _snapshotAt) = (table.Version, now);
        return _snapshot = Draw(now);
    }

    private DhtNodeSnapshot Draw(TimeSpan now)
    {
        var contacts = new List<DhtContact>(node.Table.Count);
        foreach (var contact in node.Table.Contacts)
            if (contact.State(now) is var state and not ContactState.Bad)
                contacts.Add(new DhtContact(contact.Id, contact.EndPoint, state == ContactState.Good));

        var good = contacts.Count(c => c.IsGood);
        return new DhtNodeSnapshot
        {
            Id = node.Id,
            LocalEndPoint = socket.LocalEndPoint,
            ExternalEndPoint = node.External.Agreed,
            Contacts = contacts,
            Buckets = [.. node.Table.Buckets.Select(b => Draw(b, now))],
            Good = good,
            Questionable = contacts.Count - good,
            StoredKeys = node.Store.Keys,
            StoredPeers = node.Store.Peers,
            StoredItems = node.Items.Count,
            NetworkSize = node.Lookups.Size.Nodes,
        };
    }

    private static DhtBucket Draw(Bucket bucket, TimeSpan now)
    {
        var good = bucket.Contacts.Count(c => c.State(now) == ContactState.Good);
        return new DhtBucket(good, bucket.Contacts.Count(c => c.State(now) == ContactState.Questionable), bucket.Capacity);
    }
}
