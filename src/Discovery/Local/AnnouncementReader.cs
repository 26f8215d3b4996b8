using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Shoal.Core;

namespace Shoal.Discovery.Local;

/// <summary>
/// Reads announcements (BEP 14): names of headers in any case and order, line ends with or without CR. Headers not known and names that are no 40 hex
/// digits are passed over; a wrong port or a cookie too long spoils the whole.
/// </summary>
internal static class AnnouncementReader
{
    private const byte LineEnd = (byte)'\n';

    private static ReadOnlySpan<byte> Start => "BT-SEARCH * HTTP/"u8;

    public static bool TryRead(ReadOnlySpan<byte> datagram, [NotNullWhen(true)] out Announcement? announcement)
    {
        announcement = null;
        if (datagram.Length > Announcement.MaxLength || !datagram.StartsWith(Start)) return false;

        var torrents = new List<Hash160>();
        var wanted = new List<Hash160>();
        int port = 0, dhtPort = 0;
        var cookie = "";
        var isRendezvous = false;
        _ = TakeLine(ref datagram);
        while (TakeLine(ref datagram) is { Length: > 0 } line)
        {
            var colon = line.IndexOf((byte)':');
            if (colon < 0) continue;

            var name = line[..colon].Trim((byte)' ');
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (Ascii.EqualsIgnoreCase(name, "Infohash"u8))
            {
                if (!TryReadName(value, out var torrent)) continue;
                if (torrent == Rendezvous.Key) isRendezvous = true;
                else torrents.Add(torrent);
            }
            else if (Ascii.EqualsIgnoreCase(name, "Wanted"u8))
            {
                if (TryReadName(value, out var torrent)) wanted.Add(torrent);
            }
            else if (Ascii.EqualsIgnoreCase(name, "Port"u8))
            {
                if (!TryReadPort(value, out port)) return false;
            }
            else if (Ascii.EqualsIgnoreCase(name, "Dht-Port"u8))
            {
                if (!TryReadPort(value, out dhtPort)) return false;
            }
            else if (Ascii.EqualsIgnoreCase(name, "Cookie"u8))
            {
                if (value.Length > Announcement.MaxCookieLength) return false;
                cookie = Encoding.Latin1.GetString(value);
            }
        }

        announcement = new Announcement { Port = port, DhtPort = dhtPort, Cookie = cookie, IsRendezvous = isRendezvous, Torrents = torrents, Wanted = wanted };
        return true;
    }

    /// <summary>The next line without its end; empty at the end of the headers or of the datagram.</summary>
    private static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf(LineEnd);
        var line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[(end + 1)..];
        return line.TrimEnd((byte)'\r');
    }

    private static bool TryReadName(ReadOnlySpan<byte> value, out Hash160 name)
    {
        name = default;
        return value.Length == Hash160.Length * 2 && Hash160.TryParse(Encoding.Latin1.GetString(value), out name);
    }

    private static bool TryReadPort(ReadOnlySpan<byte> value, out int port)
    {
        const int MaxDigits = 5;
        return Utf8Parser.TryParse(value, out port, out var digits) && digits == value.Length && digits <= MaxDigits && port is >= 0 and <= ushort.MaxValue;
    }
}
