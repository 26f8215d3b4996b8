namespace Shoal.Discovery.Trackers.Udp;

/// <summary>What a datagram of the UDP tracker protocol is (BEP 15).</summary>
internal enum UdpAction
{
    Connect = 0,
    Announce = 1,
    Scrape = 2,
    Error = 3,
}
