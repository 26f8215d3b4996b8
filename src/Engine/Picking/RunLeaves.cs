using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Engine.Peers;
using Shoal.Wire;

namespace Shoal.Engine.Picking;

/// <summary>
/// The leaf hashes of pieces that come in runs, asked for as such a piece is opened (BEP 52). Where nobody gives them, in time or at all, the runs are taken unproven, and the piece is proven
/// when it is whole.
/// </summary>
internal sealed class RunLeaves(TorrentInfo info, PieceLayers layers, IReadOnlyDictionary<PeerKey, Peer> peers)
{
    private const int MostRefusals = 2; // one may be of a piece that the peer lost

    private readonly LeafQuestions _questions = new();
    private readonly HashSet<OpenPiece> _waiting = [];

    public bool IsEmpty => _waiting.Count == 0;

    /// <summary>None if the piece has no hash tree, or its own hash is not known.</summary>
    public PieceLeaves? LeavesOf(PieceIndex piece) => info.HasV2 && layers.IsKnown(piece) ? new PieceLeaves(info, layers, piece) : null;

    public void Want(OpenPiece piece)
    {
        if (piece.Runs!.Leaves is not { } leaves) return;

        var file = info.Files[info.Geometry.FileOf(piece.Index)].Id;
        foreach (var range in leaves.Ranges) _questions.Add(new HashRequest(file, range), piece);
        _waiting.Add(piece);
        GiveUpIfNobodyGives(piece);
    }

    public IEnumerable<HashRequest> Pick(Peer peer, TimeSpan now, TimeSpan patience) => Gives(peer) ? _questions.Pick(peer, now, patience) : [];

    /// <summary>Takes an answer.</summary>
    /// <param name="lied">Whether it does not prove itself.</param>
    /// <returns>False if it belongs to no piece here.</returns>
    public bool TryTake(HashRequest request, ReadOnlySpan<byte> hashes, out bool lied)
    {
        lied = false;
        if (_questions.Find(request) is not { } piece) return false;

        if (!piece.Runs!.Leaves!.TrySet(request.Range, hashes))
        {
            lied = hashes.Length == request.Range.TotalHashes * Hash256.Length; // else it gives them in a way that we do not read
            return true;
        }

        _questions.Remove(request);
        if (!_questions.Concern(piece)) _waiting.Remove(piece);
        return true;
    }

    /// <returns>False if it belongs to no piece here.</returns>
    public bool TryReject(Peer peer, HashRequest request)
    {
        if (!_questions.Contains(request)) return false;

        peer.LeafRefusals++;
        _questions.OnRejected(request);
        foreach (var piece in _waiting.ToList()) GiveUpIfNobodyGives(piece);
        return true;
    }

    /// <summary>Waits no longer for what nobody gives.</summary>
    public void Tick(TimeSpan now, TimeSpan patience)
    {
        foreach (var hopeless in _questions.TakeHopeless(now, patience)) GiveUp(hopeless);
        foreach (var piece in _waiting.ToList()) GiveUpIfNobodyGives(piece);
    }

    public void Forget(PeerKey peer) => _questions.Forget(peer);

    /// <summary>The piece is on its way no longer.</summary>
    public void Drop(OpenPiece piece)
    {
        _questions.RemoveAll(piece);
        _waiting.Remove(piece);
    }

    private bool Gives(Peer peer) => peer.LeafRefusals < MostRefusals && peer.WebSeed is null && peer.Handshake.Key == info.InfoHash.Truncated;

    private void GiveUpIfNobodyGives(OpenPiece piece)
    {
        foreach (var peer in peers.Values)
        {
            if (Gives(peer) && peer.HasPiece(piece.Index)) return;
        }

        GiveUp(piece);
    }

    private void GiveUp(OpenPiece piece)
    {
        Drop(piece);
        piece.Runs!.TakesUnproven = true;
    }
}
