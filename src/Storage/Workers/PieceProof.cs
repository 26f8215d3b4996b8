using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Core;

namespace Shoal.Storage.Workers;

/// <summary>Whether a piece is what the torrent says: by its hash tree where that is known (BEP 52), else by the SHA-1 of v1 (BEP 3).</summary>
internal static class PieceProof
{
    public static bool Holds(TorrentInfo info, PieceLayers layers, PieceIndex piece, PieceDigest? digest)
    {
        if (digest is not { } found) return false;
        if (info.HasV2 && layers.IsKnown(piece)) return found.V2 == layers[piece].Value;

        return info.HasV1 && found.V1 == info.PieceV1(piece);
    }

    /// <param name="data">The whole piece.</param>
    public static bool Holds(TorrentInfo info, PieceLayers layers, PieceIndex piece, ReadOnlySpan<byte> data, WorkerScratch scratch)
    {
        if (info.HasV2 && layers.IsKnown(piece))
        {
            var height = info.Geometry.HashHeight(info.Geometry.FileOf(piece));
            return MerkleTree.Root(data, height, scratch.Hashes((int)MerkleTree.BlockCount(data.Length))) == layers[piece].Value;
        }

        if (!info.HasV1) return false;
        if (info.HashedLengthV1(piece) == data.Length) return Hash.Sha1(data) == info.PieceV1(piece);

        scratch.Sha1.Append(data);
        return scratch.Sha1.Finish(padding: info.HashedLengthV1(piece) - data.Length) == info.PieceV1(piece);
    }
}
