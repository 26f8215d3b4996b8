using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Node.Network;

/// <summary><c>host:port</c>, as in options and links.</summary>
internal static class HostPort
{
    public static bool TryParse(string text, out string host, out int port)
    {
        (host, port) = ("", 0);
        if (NetEndPoint.TryParse(text, out var endPoint))
        {
            (host, port) = (endPoint.Address.ToString(), endPoint.Port);
            return port != 0;
        }

        var colon = text.LastIndexOf(':');
        if (colon <= 0 || text.IndexOf(':', StringComparison.Ordinal) != colon) return false;

        host = text[..colon];
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= ushort.MaxValue;
    }

    /// <summary>The addresses behind it; none if the name is not known.</summary>
    public static async Task<IReadOnlyList<NetEndPoint>> ResolveAsync(string text, CancellationToken ct)
    {
        if (NetEndPoint.TryParse(text, out var endPoint)) return [endPoint];
        if (!TryParse(text, out var host, out var port)) return [];

        try
        {
            return [.. (await Dns.GetHostAddressesAsync(host, ct)).Select(a => new NetEndPoint(a, port))];
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return [];
        }
    }
}
