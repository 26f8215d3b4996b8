using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Engine.Peers;
using Shoal.Wire;

namespace Shoal.Engine.Picking;

/// <summary>
/// Pieces that several peers gave and that do not verify. Their leaf hashes, once they lead to the piece's hash, tell which blocks are wrong and so whose they
/// were; the rest stay (BEP 52). If nobody can say, the piece is fetched again whole from one peer.
/// </summary>
internal sealed class Disputes(TorrentInfo info, PieceLayers layers)
{
    private const int MaxAsked = 3;

    private readonly Dictionary<HashRequest, Dispute> _open = [];

    /// <returns>False if the piece has too many leaves for one question.</returns>
    public bool TryOpen(OpenPiece piece)
    {
        var geometry = info.Geometry;
        var file = geometry.FileOf(piece.Index);
        var leaves = 1 << geometry.HashHeight(file);
        if (leaves is < 2 or > HashRange.MaxLength) return false;

        var range = new HashRange(0, (piece.Index - geometry.FirstPiece(file)) * leaves, leaves, 0);
        _open[new HashRequest(info.Files[file].Id, range)] = new Dispute(piece);
        return true;
    }

    public IEnumerable<HashRequest> Pick(Peer peer, TimeSpan now, TimeSpan patience)
    {
        foreach (var (request, dispute) in _open)
        {
            if (dispute.Asked.Count >= MaxAsked || dispute.Asked.Contains(peer.Key) || now - dispute.AskedAt < patience / 2) continue;
            if (!peer.HasPiece(dispute.Piece.Index)) continue;

            dispute.AskedAt = now;
            dispute.Asked.Add(peer.Key);
            yield return request;
        }
    }

    /// <param name="piece">The piece, with its bad blocks discarded; null if the answer itself was worthless.</param>
    public bool TrySettle(HashRequest request, ReadOnlySpan<byte> leaves, out OpenPiece? piece, out IReadOnlyCollection<PeerKey> blamed)
    {
        (piece, blamed) = (null, []);
        if (!_open.TryGetValue(request, out var dispute)) return false;

        var index = dispute.Piece.Index;
        var height = info.Geometry.HashHeight(info.Geometry.FileOf(index));
        if (leaves.Length != request.Range.Length * Hash256.Length) return true;
        if (MerkleTree.Fold(leaves.ToArray(), 0, height) != layers[index].Value) return true;

        _open.Remove(request);
        piece = dispute.Piece;
        blamed = DiscardBad(piece, leaves);
        return true;
    }

    public bool OnRejected(HashRequest request) => _open.ContainsKey(request);

    public void Forget(PeerKey peer)
    {
        foreach (var dispute in _open.Values) dispute.Asked.Remove(peer);
    }

    /// <summary>Disputes that nobody has settled in time.</summary>
    public IReadOnlyList<OpenPiece> TakeHopeless(TimeSpan now, TimeSpan patience)
    {
        List<OpenPiece>? hopeless = null;
        foreach (var (request, dispute) in _open)
        {
            dispute.OpenedAt ??= now;
            if (now - dispute.OpenedAt <= patience) continue;

            _open.Remove(request);
            (hopeless ??= []).Add(dispute.Piece);
        }

        return hopeless ?? (IReadOnlyList<OpenPiece>)[];
    }

    private static HashSet<PeerKey> DiscardBad(OpenPiece piece, ReadOnlySpan<byte> leaves)
    {
        var blamed = new HashSet<PeerKey>();
        var ours = new byte[piece.BlockCount * Hash256.Length];
        MerkleTree.HashLeaves(piece.Buffer.Memory.Span, ours);
        for (var i = 0; i < piece.BlockCount; i++)
        {
            var at = i * Hash256.Length;
            if (ours.AsSpan(at, Hash256.Length).SequenceEqual(leaves.Slice(at, Hash256.Length))) continue;

            var block = new BlockIndex(i);
            blamed.Add(piece.Giver(block));
            piece.Discard(block);
        }

        return blamed;
    }

    private sealed class Dispute(OpenPiece piece)
    {
        public OpenPiece Piece { get; } = piece;

        public TimeSpan? OpenedAt { get; set; }

        public TimeSpan AskedAt { get; set; } = TimeSpan.MinValue / 2;

        public HashSet<PeerKey> Asked { get; } = [];
    }
}
