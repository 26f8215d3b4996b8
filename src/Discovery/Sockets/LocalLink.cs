using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Discovery.Sockets;

/// <summary>An address of ours on an interface that knows multicast: where announcements come from, since peers answer to it.</summary>
/// <param name="Index">Of the interface.</param>
/// <param name="Address">The one of ours there that reaches neighbours most surely.</param>
/// <param name="PrefixLength">Of its subnet.</param>
internal readonly record struct LocalLink(int Index, IPAddress Address, int PrefixLength)
{
    public bool Contains(NetEndPoint endPoint)
    {
        if (endPoint.Family != Address.AddressFamily) return false;

        var (ours, theirs) = (Address.GetAddressBytes(), endPoint.Address.GetAddressBytes());
        for (var bit = 0; bit < PrefixLength; bit++)
        {
            if (((ours[bit / 8] ^ theirs[bit / 8]) & (0x80 >> bit % 8)) != 0) return false;
        }

        return true;
    }

    /// <summary>One for each interface that is up and has an address that is listened on; loopback is none.</summary>
    public static IReadOnlyList<LocalLink> Find(AddressFamily family, IReadOnlyList<IPAddress> listen)
    {
        var links = new List<LocalLink>();
        foreach (var one in Interfaces())
        {
            if (one.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown) || !one.SupportsMulticast) continue;

            try
            {
                var properties = one.GetIPProperties();
                var addresses = properties.UnicastAddresses.Where(a => a.Address.AddressFamily == family && IsListenedOn(a.Address, listen));
                if (addresses.Where(a => Rank(a.Address) > 0).MaxBy(a => Rank(a.Address)) is not { } best) continue;

                var index = family == AddressFamily.InterNetwork ? properties.GetIPv4Properties().Index : properties.GetIPv6Properties().Index;
                links.Add(new LocalLink(index, best.Address, best.PrefixLength));
            }
            catch (NetworkInformationException)
            {
                // gone, or without this family
            }
        }

        return links;
    }

    private static NetworkInterface[] Interfaces()
    {
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces();
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }

    private static bool IsListenedOn(IPAddress address, IReadOnlyList<IPAddress> listen) =>
        listen.Any(l => l.Equals(address) || l.Equals(IPAddress.Any) || l.Equals(IPAddress.IPv6Any));

    /// <summary>Private addresses first: no neighbour doubts them. Link-local ones of IPv6 cannot be called from elsewhere.</summary>
    private static int Rank(IPAddress address) => new NetEndPoint(address, 0).Scope switch
    {
        NetworkScope.Private => 3,
        NetworkScope.Global => 2,
        NetworkScope.LinkLocal when address.AddressFamily == AddressFamily.InterNetwork => 1,
        _ => 0,
    };
}
