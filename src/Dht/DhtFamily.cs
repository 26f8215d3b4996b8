using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht.Routing;
using Shoal.Dht.Sockets;

namespace Shoal.Dht;

/// <summary>One address family of a service: its core, its sockets, and which searches its lookups belong to. Owned by the service's loop.</summary>
internal sealed class DhtFamily(AddressFamily family, DhtNode node, IReadOnlyList<IDatagramSocket> sockets)
{
    private DhtFamilySnapshot? _snapshot;
    private int _snapshotVersion = -1;
    private TimeSpan _snapshotAt;

    public DhtNode Node => node;

    public Outbox Outbox { get; } = new();

    public Dictionary<int, Search> Searches { get; } = [];

    /// <summary>The socket for a datagram: where the query came in that it answers, or else one bound to an address of like reach.</summary>
    public IDatagramSocket Route(NetEndPoint to, NetEndPoint via)
    {
        var best = sockets[0];
        foreach (var socket in sockets)
        {
            if (via.Port != 0 && socket.LocalEndPoint == via) return socket;
            if (socket.LocalEndPoint.Scope == to.Scope && best.LocalEndPoint.Scope != to.Scope) best = socket;
        }

        return best;
    }

    public DhtFamilySnapshot Snapshot(TimeSpan now)
    {
        var table = node.Table;
        if (_snapshot is not null && _snapshotVersion == table.Version && now - _snapshotAt < TimeSpan.FromSeconds(10))
        {
            if (_snapshot.StoredPeers != node.Store.Peers || _snapshot.StoredKeys != node.Store.Keys)
                _snapshot = _snapshot with { StoredKeys = node.Store.Keys, StoredPeers = node.Store.Peers };
            return _snapshot;
        }

        var contacts = new List<DhtContact>(table.Count);
        foreach (var contact in table.Contacts)
            if (contact.State(now) is var state and not ContactState.Bad)
                contacts.Add(new DhtContact(contact.Id, contact.EndPoint, state == ContactState.Good));

        var good = contacts.Count(c => c.IsGood);
        (_snapshotVersion, _snapshotAt) = (table.Version, now);
        return _snapshot = new DhtFamilySnapshot
        {
            Family = family,
            Contacts = contacts,
            Buckets = [.. table.Buckets.Select(b => b.Contacts.Count)],
            Good = good,
            Questionable = contacts.Count - good,
            StoredKeys = node.Store.Keys,
            StoredPeers = node.Store.Peers,
        };
    }
}
