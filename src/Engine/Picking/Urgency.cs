using Shoal.Core.Geometry;
using Shoal.Engine.Peers;

namespace Shoal.Engine.Picking;

/// <summary>Who fetches what is needed by a time: everybody who helps, but not who would be late where another would be much sooner; and what is late already is asked of a faster one too.</summary>
internal sealed class Urgency(Deadlines deadlines, IReadOnlyDictionary<PeerKey, Peer> peers, TorrentGeometry geometry)
{
    private const int MostLooked = 16;
    private const int AskersPerBlock = 2;
    private const double MuchFaster = 2;

    /// <summary>The pieces that a peer is to be asked for before any other, soonest first.</summary>
    public IEnumerable<PieceIndex> For(Peer peer, TimeSpan now)
    {
        if (peer.IsSnubbed) yield break;

        foreach (var (at, piece) in deadlines.Soonest.Take(MostLooked))
        {
            if (peer.HasPiece(piece) && !LeavesToOthers(peer, piece, at, now)) yield return piece;
        }
    }

    /// <summary>Finds a block that whoever owes it will bring too late, and the peer much sooner.</summary>
    public bool TryFindLate(Peer peer, OpenPiece piece, TimeSpan now, out BlockIndex block)
    {
        block = default;
        if (piece.IsExclusive || deadlines.Of(piece.Index) is not { } at || Forecast.TimeFor(peer, peer.Owed.Count + 1) is not { } mine) return false;

        for (var i = 0; i < piece.BlockCount; i++)
        {
            block = new BlockIndex(i);
            var asked = piece.Asked(block);
            if (piece.IsReceived(block) || asked.Count is 0 or >= AskersPerBlock || asked[0] == peer.Key || !peers.TryGetValue(asked[0], out var other)) continue;

            var theirs = Forecast.TimeLeft(other, now);
            if (now + theirs > at && mine * MuchFaster < theirs) return true;
        }

        return false;
    }

    private bool LeavesToOthers(Peer peer, PieceIndex piece, TimeSpan at, TimeSpan now)
    {
        if (Forecast.TimeFor(peer, peer.Owed.Count + geometry.BlockCountOf(piece)) is not { } mine || now + mine <= at) return false;

        var rate = peer.Window.Rate.BytesPerSecond;
        return peers.Values.Any(p => p.Window.Rate.BytesPerSecond > rate * MuchFaster && !p.IsChoking && !p.IsSnubbed && p.HasPiece(piece));
    }
}
