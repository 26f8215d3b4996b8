namespace Shoal.Discovery.Trackers;

/// <summary>How a transfer stands, as trackers are told: bytes of payload in this run.</summary>
/// <param name="Left">Bytes still to be fetched; 0 for a seed.</param>
/// <param name="LacksPeers">Whether more peers would help; decides when to ask again.</param>
public readonly record struct AnnounceCounts(long Uploaded, long Downloaded, long Left, bool LacksPeers = false)
{
    /// <summary>Of a torrent of which nothing is known but its name: more than nothing is left.</summary>
    public static AnnounceCounts Unknown => new(0, 0, 16 * 1024, LacksPeers: true);
}
