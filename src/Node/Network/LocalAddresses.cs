using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Node.Network;

/// <summary>Which addresses of this machine others may use.</summary>
internal static class LocalAddresses
{
    /// <summary>The addresses listened on; of wildcards, all the machine has that reach farthest, loopback only if there is nothing else.</summary>
    public static IReadOnlyList<IPAddress> Reachable(IEnumerable<IPAddress> bound)
    {
        var all = new List<IPAddress>();
        foreach (var address in bound)
        {
            if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) all.AddRange(OfMachine(address.AddressFamily));
            else all.Add(address);
        }

        var distinct = all.Distinct().Where(a => Scope(a) is NetworkScope.Global or NetworkScope.Private).ToList();
        return distinct.Count > 0 ? [.. distinct.OrderByDescending(Scope)] : [.. all.Distinct().Where(a => Scope(a) == NetworkScope.Loopback)];
    }

    private static NetworkScope Scope(IPAddress address) => new NetEndPoint(address, 0).Scope;

    private static IEnumerable<IPAddress> OfMachine(AddressFamily family)
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(i => i.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
                .SelectMany(i => i.GetIPProperties().UnicastAddresses)
                .Select(a => a.Address)
                .Where(a => a.AddressFamily == family)];
        }
        catch (NetworkInformationException)
        {
            return [family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback];
        }
    }
}
