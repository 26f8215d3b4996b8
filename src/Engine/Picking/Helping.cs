using Shoal.Core.Geometry;
using Shoal.Engine.Peers;

namespace Shoal.Engine.Picking;

/// <summary>
/// Whose piece a peer helps with before it begins one of its own. A fast peer gives whole pieces; slow ones share theirs, so that none lies half done for long; and
/// what its owner will not finish soon is finished by whoever does it much sooner.
/// </summary>
internal sealed class Helping(IReadOnlyDictionary<PeerKey, Peer> peers, TorrentGeometry geometry)
{
    private const double MuchSooner = 4;

    /// <summary>A piece should not take longer than this.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    /// <param name="withFree">Open pieces with blocks that nobody was asked for.</param>
    public OpenPiece? Find(Peer peer, IEnumerable<OpenPiece> withFree)
    {
        var isSlow = IsSlow(peer);
        OpenPiece? best = null;
        foreach (var piece in withFree)
        {
            if (piece.IsExclusive || piece.Owner == peer.Key || !piece.CanBeAskedOf(peer) || !piece.HasReady || (best is not null && best.Free <= piece.Free)) continue;
            if (piece.Owner is not { } owner || !peers.TryGetValue(owner, out var other)) continue;

            if (isSlow ? IsSlow(other) : FallsBehind(other, piece, peer)) best = piece; // the one that is nearest to its end
        }

        return best;
    }

    /// <summary>Whether a whole piece would take the peer too long.</summary>
    private bool IsSlow(Peer peer) => Forecast.TimeFor(peer, geometry.PieceLength / TorrentGeometry.BlockLength) > Long;

    private static bool FallsBehind(Peer owner, OpenPiece piece, Peer helper)
    {
        var theirs = Forecast.TimeFor(owner, owner.Owed.Count + piece.Free);
        return theirs > Long && Forecast.TimeFor(helper, helper.Owed.Count + piece.Free) is { } mine && theirs > mine * MuchSooner;
    }
}
