using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Engine.Buffers;
using Shoal.Engine.Peers;
using Shoal.Wire;

namespace Shoal.Engine.Picking;

/// <summary>
/// Pieces that several peers gave and that do not verify. Their leaf hashes, once they lead to the piece's hash, tell which blocks are wrong and so whose they
/// were; the rest stay (BEP 52). If nobody can say, the piece is fetched again whole from one peer.
/// </summary>
internal sealed class Disputes(TorrentInfo info, PieceLayers layers)
{
    private readonly LeafQuestions _questions = new();

    /// <returns>False if the piece has too many leaves for one question.</returns>
    public bool TryOpen(OpenPiece piece)
    {
        var geometry = info.Geometry;
        var file = geometry.FileOf(piece.Index);
        var leaves = 1 << geometry.HashHeight(file);
        if (leaves is < 2 or > HashRange.MaxLength) return false;

        var range = new HashRange(0, (piece.Index - geometry.FirstPiece(file)) * leaves, leaves, 0);
        _questions.Add(new HashRequest(info.Files[file].Id, range), piece);
        return true;
    }

    public IEnumerable<HashRequest> Pick(Peer peer, TimeSpan now, TimeSpan patience) => _questions.Pick(peer, now, patience);

    /// <param name="piece">The piece, with its bad blocks discarded; null if the answer itself was worthless.</param>
    public bool TrySettle(HashRequest request, ReadOnlySpan<byte> leaves, out OpenPiece? piece, out IReadOnlyCollection<PeerKey> blamed)
    {
        (piece, blamed) = (null, []);
        if (_questions.Find(request) is not { } disputed) return false;

        var index = disputed.Index;
        var height = info.Geometry.HashHeight(info.Geometry.FileOf(index));
        if (leaves.Length != request.Range.Length * Hash256.Length) return true;
        if (MerkleTree.Fold(leaves.ToArray(), 0, height) != layers[index].Value) return true;

        _questions.Remove(request);
        piece = disputed;
        blamed = DiscardBad(piece, piece.Buffer!, leaves);
        return true;
    }

    public bool OnRejected(HashRequest request) => _questions.Contains(request);

    public void Forget(PeerKey peer) => _questions.Forget(peer);

    /// <summary>Disputes that nobody has settled in time.</summary>
    public IReadOnlyList<OpenPiece> TakeHopeless(TimeSpan now, TimeSpan patience) => _questions.TakeHopeless(now, patience);

    /// <summary>Discards the blocks of a piece, or of a run of it, that are not what their leaves say.</summary>
    /// <param name="leaves">Proven; 32 bytes for each block of the buffer, or more.</param>
    /// <returns>Who gave them.</returns>
    public static HashSet<PeerKey> DiscardBad(OpenPiece piece, PieceBuffer buffer, ReadOnlySpan<byte> leaves)
    {
        var blamed = new HashSet<PeerKey>();
        var ours = new byte[buffer.BlockCount * Hash256.Length];
        MerkleTree.HashLeaves(buffer.Memory.Span, ours);
        for (var i = 0; i < buffer.BlockCount; i++)
        {
            var at = i * Hash256.Length;
            if (ours.AsSpan(at, Hash256.Length).SequenceEqual(leaves.Slice(at, Hash256.Length))) continue;

            var block = new BlockIndex(buffer.First + i);
            blamed.Add(piece.Giver(block));
            piece.Discard(block);
        }

        return blamed;
    }
}
