using System.Globalization;
using System.Net;

namespace Shoal.Cli.Arguments;

/// <summary><c>host:port</c> as options take it: a name, an IPv4 address, or an IPv6 address in brackets.</summary>
internal static class HostPort
{
    public static bool IsValid(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0) return false;
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0) return false;

        var host = text[..colon];
        if (host.StartsWith('[')) return host.EndsWith(']') && IPAddress.TryParse(host[1..^1], out _);
        return !host.Contains(':') && Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }
}
