using Shoal.Core.Geometry;
using Shoal.Engine.Peers;

namespace Shoal.Engine.Picking;

/// <summary>How long a peer will take, by the rate it has shown.</summary>
internal static class Forecast
{
    /// <returns>Null while it has shown no rate.</returns>
    public static TimeSpan? TimeFor(Peer peer, int blocks) =>
        peer.Window.Rate.BytesPerSecond > 0
            ? TimeSpan.FromSeconds(Math.Min(1e6, blocks * (double)TorrentGeometry.BlockLength / peer.Window.Rate.BytesPerSecond))
            : null;

    /// <summary>For what it owes: by its rate, and no less than by its silence.</summary>
    public static TimeSpan TimeLeft(Peer peer, TimeSpan now)
    {
        var silence = (now - peer.LastBlock) * 2;
        return TimeFor(peer, peer.Owed.Count) is { } time && time > silence ? time : silence;
    }
}
