using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Shoal.Core;

namespace Shoal.Discovery.Local;

/// <summary>Announcements as bytes (BEP 14). Torrents come before the rendezvous, for those who read one name only.</summary>
internal static class AnnouncementWriter
{
    /// <param name="announcement">No more than <see cref="Announcement.MaxNames"/> names.</param>
    /// <param name="family">Whose group it is sent to.</param>
    /// <param name="destination">At least <see cref="Announcement.MaxLength"/> bytes.</param>
    /// <returns>How many bytes it has.</returns>
    public static int Write(Announcement announcement, AddressFamily family, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(announcement.Torrents.Count + announcement.Wanted.Count, Announcement.MaxNames, nameof(announcement));
        var writer = new Cursor(destination);
        writer.Add("BT-SEARCH * HTTP/1.1\r\nHost: "u8);
        writer.Add(LocalGroup.HostOf(family));
        writer.Add("\r\n"u8);
        if (announcement.Port != 0) writer.Add("Port: "u8, announcement.Port.ToString(CultureInfo.InvariantCulture));
        foreach (var torrent in announcement.Torrents) writer.Add("Infohash: "u8, torrent.ToString());
        if (announcement.IsRendezvous) writer.Add("Infohash: "u8, Rendezvous.Key.ToString());
        if (announcement.DhtPort != 0) writer.Add("Dht-Port: "u8, announcement.DhtPort.ToString(CultureInfo.InvariantCulture));
        foreach (var wanted in announcement.Wanted) writer.Add("Wanted: "u8, wanted.ToString());
        if (announcement.Cookie.Length > 0) writer.Add("cookie: "u8, announcement.Cookie);
        writer.Add("\r\n\r\n"u8);
        return writer.Length;
    }

    private ref struct Cursor(Span<byte> destination)
    {
        private readonly Span<byte> _destination = destination;

        public int Length { get; private set; }

        public void Add(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_destination[Length..]);
            Length += bytes.Length;
        }

        public void Add(ReadOnlySpan<byte> name, string value)
        {
            Add(name);
            Length += Encoding.ASCII.GetBytes(value, _destination[Length..]);
            Add("\r\n"u8);
        }
    }
}
