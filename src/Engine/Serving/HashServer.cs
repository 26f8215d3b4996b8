using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Storage;
using Shoal.Wire;

namespace Shoal.Engine.Serving;

/// <summary>Answers hash requests (BEP 52): piece layers from memory, leaf hashes by hashing the piece they belong to again.</summary>
internal sealed class HashServer(TorrentContent content)
{
    private readonly TorrentInfo _info = content.Info;

    /// <returns>The hashes, or null to refuse.</returns>
    public async ValueTask<byte[]?> AnswerAsync(HashRequest request, CancellationToken ct)
    {
        if (Find(request.File) is not { } file || !request.Range.FitsTree(_info.Geometry.TreeHeight(file))) return null;

        if (request.Range.BaseLayer == _info.Geometry.PieceHeight && content.Layers.NeedsLayer(file)) return FromLayer(file, request.Range);
        return request.Range.BaseLayer == 0 ? await FromLeavesAsync(file, request.Range, ct) : null;
    }

    private byte[]? FromLayer(FileIndex file, HashRange range)
    {
        if (!content.Layers.IsKnown(file)) return null;

        var hashes = new byte[range.TotalHashes * Hash256.Length];
        range.CopyFrom(content.Layers[file].Span, hashes);
        return hashes;
    }

    /// <summary>Within one piece, and without uncles above it or with those that the piece layer gives.</summary>
    private async ValueTask<byte[]?> FromLeavesAsync(FileIndex file, HashRange range, CancellationToken ct)
    {
        var geometry = _info.Geometry;
        var height = geometry.HashHeight(file);
        var perPiece = 1 << height;
        var isWholePiece = range.Length == perPiece && range.UncleCount <= geometry.TreeHeight(file) - height;
        if (!isWholePiece || !content.Layers.IsKnown(file)) return null;

        var inFile = range.Index / perPiece;
        if (inFile >= geometry.PieceCountOf(file)) return null;

        var piece = new PieceIndex(geometry.FirstPiece(file) + inFile);
        var hashes = new byte[range.TotalHashes * Hash256.Length];
        var leaves = hashes.AsMemory(0, geometry.BlockCountOf(piece) * Hash256.Length);
        if (!await content.TryReadLeavesAsync(piece, leaves, ct)) return null; // past the last block the leaves are zero

        if (range.UncleCount > 0)
        {
            var above = new HashRange(height, inFile & ~1, 2, range.UncleCount - 1);
            var uncles = new byte[above.TotalHashes * Hash256.Length];
            above.CopyFrom(content.Layers[file].Span, uncles);
            var at = perPiece * Hash256.Length;
            uncles.AsSpan((inFile & 1) == 0 ? Hash256.Length : 0, Hash256.Length).CopyTo(hashes.AsSpan(at));
            uncles.AsSpan(2 * Hash256.Length, (range.UncleCount - 1) * Hash256.Length).CopyTo(hashes.AsSpan(at + Hash256.Length));
        }

        return hashes;
    }

    private FileIndex? Find(FileId id)
    {
        for (var i = 0; i < _info.Files.Count; i++)
        {
            if (_info.Files[i].Id == id) return new FileIndex(i);
        }

        return null;
    }
}
