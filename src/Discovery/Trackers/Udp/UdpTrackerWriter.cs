using System.Buffers.Binary;
using System.Text;
using Shoal.Core;

namespace Shoal.Discovery.Trackers.Udp;

/// <summary>Writes the requests of the UDP tracker protocol (BEP 15), with the URL's path and query after an announce (BEP 41). Numbers are big-endian.</summary>
internal static class UdpTrackerWriter
{
    /// <summary>Of the longest request, in bytes.</summary>
    public const int MaxLength = AnnounceLength + TrackerUrl.MaxLength + 2 * (TrackerUrl.MaxLength / MaxOptionLength + 1);

    public const int ConnectLength = 16;
    public const int AnnounceLength = 98;

    /// <summary>Most torrents of one scrape.</summary>
    public const int MaxScraped = 74;

    private const ulong ProtocolId = 0x41727101980;
    private const byte UrlData = 2; // BEP 41
    private const int MaxOptionLength = 255;

    public static int WriteConnect(Span<byte> destination, uint transaction)
    {
        WriteHead(destination, ProtocolId, UdpAction.Connect, transaction);
        return ConnectLength;
    }

    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="connection">The connection ID.</param>
    /// <param name="transaction">Comes back in the reply.</param>
    /// <param name="request">What is said.</param>
    /// <param name="urlData">Path and query of the tracker's URL, escaped; empty for none.</param>
    public static int WriteAnnounce(Span<byte> destination, ulong connection, uint transaction, AnnounceRequest request, string urlData)
    {
        WriteHead(destination, connection, UdpAction.Announce, transaction);
        request.Torrent.CopyTo(destination[16..]);
        request.PeerId.Value.CopyTo(destination[36..]);
        BinaryPrimitives.WriteInt64BigEndian(destination[56..], request.Counts.Downloaded);
        BinaryPrimitives.WriteInt64BigEndian(destination[64..], request.Counts.Left);
        BinaryPrimitives.WriteInt64BigEndian(destination[72..], request.Counts.Uploaded);
        BinaryPrimitives.WriteInt32BigEndian(destination[80..], (int)request.Event);
        BinaryPrimitives.WriteUInt32BigEndian(destination[84..], 0); // the address is the datagram's
        BinaryPrimitives.WriteUInt32BigEndian(destination[88..], request.Key);
        BinaryPrimitives.WriteInt32BigEndian(destination[92..], request.Wanted);
        BinaryPrimitives.WriteUInt16BigEndian(destination[96..], (ushort)request.Port);
        var length = AnnounceLength;
        for (var data = urlData.AsSpan(); data.Length > 0; data = data[Math.Min(data.Length, MaxOptionLength)..])
        {
            var part = data[..Math.Min(data.Length, MaxOptionLength)];
            (destination[length], destination[length + 1]) = (UrlData, (byte)part.Length);
            length += 2 + Encoding.ASCII.GetBytes(part, destination[(length + 2)..]);
        }

        return length;
    }

    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="connection">The connection ID.</param>
    /// <param name="transaction">Comes back in the reply.</param>
    /// <param name="torrents">At most <see cref="MaxScraped"/>.</param>
    public static int WriteScrape(Span<byte> destination, ulong connection, uint transaction, IReadOnlyList<Hash160> torrents)
    {
        WriteHead(destination, connection, UdpAction.Scrape, transaction);
        var length = ConnectLength;
        foreach (var torrent in torrents)
        {
            torrent.CopyTo(destination[length..]);
            length += Hash160.Length;
        }

        return length;
    }

    private static void WriteHead(Span<byte> destination, ulong connection, UdpAction action, uint transaction)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, connection);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], (int)action);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], transaction);
    }
}
