using System.Net;
using System.Text;
using Shoal.Core;
using Shoal.Core.Bencode;

namespace Shoal.Discovery.Trackers.Http;

/// <summary>
/// Reads what an HTTP tracker answers: a bencoded dictionary that may come from anybody (BEP 3, 7, 23, 24, 31, 48). Total. Keys may come in any order, and what is not
/// of the type it should be is passed over: there are too many kinds of trackers to be strict with.
/// </summary>
internal static class HttpReplyReader
{
    /// <summary>No longer body is read.</summary>
    public const int MaxLength = 1024 * 1024;

    /// <summary>Most peers taken from one reply, of each address family.</summary>
    public const int MaxPeers = 1000;

    private const int MaxTrackerId = 256;
    private const int MaxAddressText = 64;

    /// <returns>False if it is no dictionary, or breaks off.</returns>
    public static bool TryReadAnnounce(ReadOnlySpan<byte> body, out AnnounceReply reply)
    {
        reply = new AnnounceReply();
        var reader = new BencodeReader(body);
        if (!reader.TryEnterDictionary()) return false;

        List<NetEndPoint> peers = [];
        while (reader.TryReadKey(out var key))
        {
            if (!reader.TryReadRaw(out var value)) return false;

            if (key.SequenceEqual("failure reason"u8)) reply = reply with { Failure = Text(value) ?? "it refused, without a reason" };
            else if (key.SequenceEqual("retry in"u8)) reply = reply with { RetryIn = RetryIn(value) };
            else if (key.SequenceEqual("warning message"u8)) reply = reply with { Warning = Text(value) };
            else if (key.SequenceEqual("interval"u8)) reply = reply with { Interval = Seconds(value) };
            else if (key.SequenceEqual("min interval"u8)) reply = reply with { MinInterval = Seconds(value) };
            else if (key.SequenceEqual("tracker id"u8)) reply = reply with { TrackerId = TrackerId(value) };
            else if (key.SequenceEqual("complete"u8)) reply = reply with { Seeds = Count(value) };
            else if (key.SequenceEqual("incomplete"u8)) reply = reply with { Downloaders = Count(value) };
            else if (key.SequenceEqual("external ip"u8)) reply = reply with { ExternalAddress = Address(value) };
            else if (key.SequenceEqual("peers"u8)) ReadPeers(value, NetEndPoint.CompactLengthV4, peers);
            else if (key.SequenceEqual("peers6"u8)) ReadPeers(value, NetEndPoint.CompactLengthV6, peers);
        }

        reply = reply with { Peers = peers };
        return reader.TryLeave();
    }

    /// <param name="body">The reply.</param>
    /// <param name="torrents">What was asked for.</param>
    /// <param name="counts">Of each, in that order; null for one the tracker does not know.</param>
    public static bool TryReadScrape(ReadOnlySpan<byte> body, IReadOnlyList<Hash160> torrents, out ScrapeCounts?[] counts)
    {
        counts = new ScrapeCounts?[torrents.Count];
        var reader = new BencodeReader(body);
        if (!reader.TryEnterDictionary()) return false;

        var found = false;
        while (reader.TryReadKey(out var key))
        {
            if (!reader.TryReadRaw(out var value)) return false;

            if (!key.SequenceEqual("files"u8)) continue;

            found = true;
            ReadFiles(value, torrents, counts);
        }

        return reader.TryLeave() && found;
    }

    private static void ReadFiles(ReadOnlySpan<byte> value, IReadOnlyList<Hash160> torrents, ScrapeCounts?[] counts)
    {
        var reader = new BencodeReader(value);
        if (!reader.TryEnterDictionary()) return;

        while (reader.TryReadKey(out var key) && reader.TryReadRaw(out var file))
        {
            if (key.Length != Hash160.Length) continue;

            var torrent = new Hash160(key);
            for (var i = 0; i < torrents.Count; i++)
            {
                if (torrents[i] == torrent) counts[i] = ReadFile(file);
            }
        }
    }

    private static ScrapeCounts? ReadFile(ReadOnlySpan<byte> value)
    {
        var reader = new BencodeReader(value);
        if (!reader.TryEnterDictionary()) return null;

        var (seeds, downloaders, completed) = (0, 0, 0);
        while (reader.TryReadKey(out var key) && reader.TryReadRaw(out var number))
        {
            if (key.SequenceEqual("complete"u8)) seeds = Count(number) ?? 0;
            else if (key.SequenceEqual("incomplete"u8)) downloaders = Count(number) ?? 0;
            else if (key.SequenceEqual("downloaded"u8)) completed = Count(number) ?? 0;
        }

        return new ScrapeCounts(seeds, downloaders, completed);
    }

    /// <summary>A string of compact endpoints, or a list of dictionaries; a torn one at the end is dropped.</summary>
    private static void ReadPeers(ReadOnlySpan<byte> value, int length, List<NetEndPoint> peers)
    {
        var most = peers.Count + MaxPeers;
        var reader = new BencodeReader(value);
        if (reader.TryReadString(out var compact))
        {
            for (; compact.Length >= length && peers.Count < most; compact = compact[length..])
            {
                if (NetEndPoint.TryReadCompact(compact[..length], out var peer)) peers.Add(peer);
            }

            return;
        }

        if (!reader.TryEnterList()) return;

        while (peers.Count < most && reader.TryReadRaw(out var entry))
        {
            if (TryReadPeer(entry, out var peer)) peers.Add(peer);
        }
    }

    /// <summary>Addresses only: a name would have us ask a server that nobody named.</summary>
    private static bool TryReadPeer(ReadOnlySpan<byte> entry, out NetEndPoint peer)
    {
        peer = default;
        var reader = new BencodeReader(entry);
        if (!reader.TryEnterDictionary()) return false;

        IPAddress? address = null;
        long port = 0;
        while (reader.TryReadKey(out var key) && reader.TryReadRaw(out var value))
        {
            var field = new BencodeReader(value);
            if (key.SequenceEqual("ip"u8) && field.TryReadString(out var ip)) address = AddressOf(ip);
            else if (key.SequenceEqual("port"u8)) field.TryReadInteger(out port);
        }

        if (address is null || port is <= 0 or > ushort.MaxValue) return false;

        peer = new NetEndPoint(address, (int)port);
        return true;
    }

    private static IPAddress? AddressOf(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > MaxAddressText) return null;

        var written = Encoding.ASCII.GetString(text);
        return NetEndPoint.TryParse(written.Contains(':') ? $"[{written}]:1" : $"{written}:1", out var endPoint) ? endPoint.Address : null;
    }

    private static string? Text(ReadOnlySpan<byte> value) => new BencodeReader(value).TryReadString(out var text) ? TrackerText.Clean(text) : null;

    private static TimeSpan? Seconds(ReadOnlySpan<byte> value) =>
        new BencodeReader(value).TryReadInteger(out var seconds) && seconds >= 0 ? TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)) : null;

    private static int? Count(ReadOnlySpan<byte> value) =>
        new BencodeReader(value).TryReadInteger(out var count) && count >= 0 ? (int)Math.Min(count, int.MaxValue) : null;

    /// <summary>Minutes, or <c>never</c> (BEP 31).</summary>
    private static TimeSpan? RetryIn(ReadOnlySpan<byte> value)
    {
        var reader = new BencodeReader(value);
        if (reader.TryReadInteger(out var minutes)) return minutes >= 0 ? TimeSpan.FromMinutes(Math.Min(minutes, int.MaxValue)) : null;
        if (!reader.TryReadString(out var text)) return null;
        if (text.SequenceEqual("never"u8)) return Timeout.InfiniteTimeSpan;

        return int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var written) ? TimeSpan.FromMinutes(written) : null;
    }

    private static byte[] TrackerId(ReadOnlySpan<byte> value) => new BencodeReader(value).TryReadString(out var id) && id.Length <= MaxTrackerId ? id.ToArray() : [];

    private static IPAddress? Address(ReadOnlySpan<byte> value) =>
        new BencodeReader(value).TryReadString(out var bytes) && bytes.Length is NetEndPoint.AddressLengthV4 or NetEndPoint.AddressLengthV6 ? new IPAddress(bytes) : null;
}
