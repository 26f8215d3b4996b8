using System.Text;

namespace Shoal.Fuzz.Mutation;

/// <summary>Words that mutations put in, by format: keys, verbs, openings, and values that decide something.</summary>
internal static class Tokens
{
    public static IReadOnlyList<byte[]> Krpc { get; } = Of(
        "a", "e", "id", "ip", "q", "r", "ro", "t", "v", "y",
        "target", "info_hash", "info_hashes", "token", "port", "implied_port", "name", "nodes", "nodes6", "values", "want", "n4", "n6",
        "k", "sig", "seq", "cas", "salt", "scrape", "noseed", "seed", "BFsd", "BFpe", "samples", "interval", "num",
        "ping", "find_node", "get_peers", "announce_peer", "announce_peers", "get", "put", "sample_infohashes",
        "abcdefghij0123456789", "mnopqrstuvwxyz123456", "12:Hello World!");

    public static IReadOnlyList<byte[]> Metainfo { get; } = Of(
        "info", "announce", "announce-list", "url-list", "piece layers", "file tree", "meta version", "name", "piece length", "private",
        "length", "pieces root", "attr", "symlink path", "files", "pieces", "path", "x", "l", "p", ".", "..", "a/b", "\0", "con", "a.", "", ".pad");

    public static IReadOnlyList<byte[]> Magnet { get; } = Of(
        "magnet:?", "xt=", "xt.1=", "urn:btmh:1220", "urn:btih:", "&dn=", "&x.pe=", "&tr=", "&tr.1=", "&ws=", "&so=0,2-4", "%", "%00", "%2F", "%2E%2E", "%ED%A0%80", "%FF", "+", "&", "=",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "[::1]:6881", "10.0.0.1:6881", "[fe80::1%1]:1", ":65536");

    public static IReadOnlyList<byte[]> Wire { get; } =
    [
        "\u0013BitTorrent protocol"u8.ToArray(), [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 3], [0, 0, 0, 5], [0, 0, 0, 9], [0, 0, 0, 13], [0, 0, 0, 49], [0, 0, 0, 81],
        [0, 0, 64, 0], [0, 1, 0, 0], [0, 2, 0, 0], [127, 255, 255, 255], [128, 0, 0, 0], [255, 255, 255, 255], .. Enumerable.Range(0, 24).Select(type => new[] { (byte)type }),
    ];

    public static IReadOnlyList<byte[]> Mse { get; } =
    [
        new byte[8], new byte[96], [0, 0, 0, 1], [0, 0, 0, 2], [0, 0, 0, 3], [0, 0, 0, 4], [255, 255, 255, 255], [0, 0], [0, 68], [2, 0], [2, 1], [32, 0], [32, 1], [255, 255],
        "\u0013BitTorrent protocol"u8.ToArray(),
    ];

    public static IReadOnlyList<byte[]> Extension { get; } = Of(
        "m", "ut_metadata", "ut_pex", "metadata_size", "p", "reqq", "v", "yourip", "ipv4", "ipv6", "msg_type", "piece", "total_size", "\u001b[31m", "\u202e");

    public static IReadOnlyList<byte[]> Pex { get; } =
    [
        .. Of("added", "added.f", "added6", "added6.f", "dropped", "dropped6", "6:", "12:", "18:"), [127, 0, 0, 1, 0, 22], [10, 0, 0, 1, 35, 40], [93, 184, 216, 34, 35, 40], [0, 0, 0, 0, 0, 0], [0xFE, 0x80], [0x20, 0x01],
    ];

    public static IReadOnlyList<byte[]> Compact { get; } =
    [
        [127, 0, 0, 1], [10, 0, 0, 1], [169, 254, 1, 1], [100, 64, 0, 1], [224, 0, 0, 1], [0xFE, 0x80], [0xFD, 0], [0xFF, 2], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], .. Of("[::1]:6881", "6:", "18:", "l", "e"),
    ];

    public static IReadOnlyList<byte[]> Tracker { get; } =
    [
        .. Of(
            "failure reason", "retry in", "never", "warning message", "interval", "min interval", "tracker id", "complete", "incomplete", "downloaded", "external ip", "peers", "peers6", "ip", "port",
            "files", "flags", "127.0.0.1", "::1", "\u001b[31m", "\u202e", "http://", "udp://[", "/announce", "?passkey=", "%", "#", "aaaaaaaaaaaaaaaaaaaa"),
        [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 2], [0, 0, 0, 3], [127, 255, 255, 255], [255, 255, 255, 255],
    ];

    public static IReadOnlyList<byte[]> State { get; } = [.. Of("SDHT", "\u0001", "\u0002", "\u0006", "\u0012"), [0, 0], [255, 255], [2, 0]];

    private static byte[][] Of(params string[] words) => [.. words.Select(Encoding.UTF8.GetBytes)];
}
