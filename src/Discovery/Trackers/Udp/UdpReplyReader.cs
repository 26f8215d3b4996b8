using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Discovery.Trackers.Http;

namespace Shoal.Discovery.Trackers.Udp;

/// <summary>Reads the replies of the UDP tracker protocol (BEP 15), which may come from anybody. Total; what follows the known parts is passed over, as the BEP asks.</summary>
internal static class UdpReplyReader
{
    private const int HeadLength = 8;
    private const int CountsLength = 12;

    public static bool TryReadHead(ReadOnlySpan<byte> datagram, out UdpAction action, out uint transaction, out ReadOnlySpan<byte> payload)
    {
        (action, transaction) = (default, 0);
        payload = default;
        if (datagram.Length < HeadLength) return false;

        action = (UdpAction)BinaryPrimitives.ReadInt32BigEndian(datagram);
        transaction = BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]);
        payload = datagram[HeadLength..];
        return true;
    }

    public static bool TryReadConnect(ReadOnlySpan<byte> payload, out ulong connection) => BinaryPrimitives.TryReadUInt64BigEndian(payload, out connection);

    /// <param name="payload">After the head.</param>
    /// <param name="isV6">Whether the datagram came over IPv6: then so are the peers.</param>
    /// <param name="reply">What it says.</param>
    public static bool TryReadAnnounce(ReadOnlySpan<byte> payload, bool isV6, out AnnounceReply reply)
    {
        reply = new AnnounceReply();
        if (payload.Length < CountsLength) return false;

        var length = isV6 ? NetEndPoint.CompactLengthV6 : NetEndPoint.CompactLengthV4;
        var peers = new List<NetEndPoint>();
        for (var rest = payload[CountsLength..]; rest.Length >= length && peers.Count < HttpReplyReader.MaxPeers; rest = rest[length..])
        {
            if (NetEndPoint.TryReadCompact(rest[..length], out var peer)) peers.Add(peer);
        }

        reply = new AnnounceReply
        {
            Interval = TimeSpan.FromSeconds(Number(payload)),
            Downloaders = Number(payload[4..]),
            Seeds = Number(payload[8..]),
            Peers = peers,
        };
        return true;
    }

    /// <param name="payload">After the head.</param>
    /// <param name="counts">One for each torrent that was asked for.</param>
    public static bool TryReadScrape(ReadOnlySpan<byte> payload, ScrapeCounts[] counts)
    {
        if (payload.Length / CountsLength < counts.Length) return false;

        for (var i = 0; i < counts.Length; i++)
        {
            var at = payload[(i * CountsLength)..];
            counts[i] = new ScrapeCounts(Number(at), Number(at[8..]), Number(at[4..]));
        }

        return true;
    }

    public static string ReadError(ReadOnlySpan<byte> payload) => TrackerText.Clean(payload) ?? "it refused, without a reason";

    private static int Number(ReadOnlySpan<byte> bytes) => Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(bytes));
}
