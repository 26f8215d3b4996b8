using Shoal.Core.Geometry;
using Shoal.Engine.Limits;
using Shoal.Engine.Peers;

namespace Shoal.Engine.Picking;

/// <summary>
/// How much may be owed by all peers together: what comes in a second, as of late. Each window is right for its peer, but with many that give, their sum is more than our own link
/// carries in seconds: then all seem slow, are given up and asked twice, and the link is full of what came already. While asking for more makes more come, the bound grows with it.
/// </summary>
internal sealed class InFlight(IReadOnlyDictionary<PeerKey, Peer> peers)
{
    private const int AtLeast = 128; // blocks
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private RateMeter _rate = new();
    private TimeSpan _ticked;

    /// <summary>How long all that is owed takes, at the rate at which everything comes; zero before there is a rate.</summary>
    public TimeSpan Drain => _rate.BytesPerSecond > 0 ? TimeSpan.FromSeconds(Math.Min(1e6, Owed * (double)TorrentGeometry.BlockLength / _rate.BytesPerSecond)) : TimeSpan.Zero;

    /// <summary>Something came, of use or not.</summary>
    public void OnReceived(int bytes, TimeSpan now)
    {
        if (now - _ticked > Ahead) _rate = new RateMeter(); // a pause is no part of the rate that follows it
        _rate.Add(bytes);
        if (now - _ticked < Tick) return;

        _ticked = now;
        _rate.Tick(now);
    }

    /// <summary>How many blocks a peer may be asked for, whatever its window says. One that owes nothing is asked for one all the same: it may be the first to be fast.</summary>
    public int RoomFor(Peer peer)
    {
        if (_rate.BytesPerSecond <= 0) return int.MaxValue; // windows begin small

        var most = Math.Max(AtLeast, (int)Math.Min(int.MaxValue / 2, _rate.BytesPerSecond * Ahead.TotalSeconds / TorrentGeometry.BlockLength));
        return Math.Max(most - Owed, peer.Owed.Count == 0 ? 1 : 0);
    }

    private int Owed
    {
        get
        {
            var owed = 0;
            foreach (var peer in peers.Values) owed += peer.Owed.Count;
            return owed;
        }
    }
}
