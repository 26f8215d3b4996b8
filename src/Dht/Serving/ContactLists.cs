using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Serving;

/// <summary>The contacts that an answer names: <c>nodes</c>, <c>nodes6</c> or both, as was wished (BEP 5, 32), and fewer of them if the answer would be too long.</summary>
internal sealed class ContactLists(AddressFamily family, RoutingTable table)
{
    private readonly List _v4 = new(isV6: false);
    private readonly List _v6 = new(isV6: true);

    /// <summary>Our table of this family.</summary>
    public RoutingTable Table { get; set; } = table;

    /// <summary>Our table of the other family, for those who want its contacts.</summary>
    public RoutingTable? OtherTable { get; set; }

    /// <summary>Of both lists, when bencoded.</summary>
    public int Length => _v4.Length + _v6.Length;

    private List Own => family == AddressFamily.InterNetworkV6 ? _v6 : _v4;

    private List Other => family == AddressFamily.InterNetworkV6 ? _v4 : _v6;

    /// <summary>Looks for the closest contacts that the asker can use.</summary>
    public void Gather(Want want, Hash160 target, NetworkScope asker)
    {
        var isV6 = family == AddressFamily.InterNetworkV6;
        if (want == Want.None) want = isV6 ? Want.V6 : Want.V4;
        Own.Gather((want & (isV6 ? Want.V6 : Want.V4)) != 0, Table, target, asker);
        Other.Gather((want & (isV6 ? Want.V4 : Want.V6)) != 0, OtherTable, target, asker);
    }

    /// <summary>Of the two, leaves the list of the datagram's family.</summary>
    public void LeaveOne()
    {
        if (Own.IsWanted) Other.IsWanted = false;
    }

    /// <summary>Leaves out the farthest contacts until both lists fit, those of the other family first. Empty lists stay.</summary>
    public void Fit(int room)
    {
        Other.Fit(room - Own.Length);
        Own.Fit(room - Other.Length);
    }

    public void Write(KrpcWriter writer)
    {
        if (_v4.IsWanted) writer.Nodes(v6: false, _v4.Contacts);
        if (_v6.IsWanted) writer.Nodes(v6: true, _v6.Contacts);
    }

    private sealed class List(bool isV6)
    {
        private readonly Contact[] _contacts = new Contact[RoutingTable.K];
        private readonly int _entryLength = Hash160.Length + (isV6 ? NetEndPoint.CompactLengthV6 : NetEndPoint.CompactLengthV4);
        private readonly int _keyLength = KrpcWriter.StringLength(isV6 ? "nodes6".Length : "nodes".Length);
        private int _count;

        public bool IsWanted { get; set; }

        public ReadOnlySpan<Contact> Contacts => _contacts.AsSpan(0, _count);

        public int Length => IsWanted ? _keyLength + KrpcWriter.StringLength(_count * _entryLength) : 0;

        public void Gather(bool isWanted, RoutingTable? from, Hash160 target, NetworkScope asker)
        {
            IsWanted = isWanted;
            _count = isWanted ? from?.Closest(target, _contacts, asker) ?? 0 : 0;
        }

        public void Fit(int room)
        {
            while (_count > 0 && Length > room) _count--;
        }
    }
}
