namespace Shoal.Node.Network;

/// <summary>
/// Well-known nodes of the public Mainline DHT, run by those who make its clients; asked only with <c>--public</c>. Some by address too, for networks whose names do not resolve.
/// </summary>
internal static class PublicRouters
{
    public static IReadOnlyList<string> All { get; } =
    [
        "router.bittorrent.com:6881",
        "router.utorrent.com:6881",
        "dht.transmissionbt.com:6881",
        "dht.libtorrent.org:25401",
        "dht.aelitis.com:6881",
        "67.215.246.10:6881",
        "82.221.103.244:6881",
        "87.98.162.88:6881",
        "185.157.221.247:25401",
    ];
}
