using System.Collections.Concurrent;
using System.Numerics;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Wire;

namespace Shoal.Engine.Serving;

/// <summary>
/// Answers hash requests (BEP 52): piece layers from memory, leaf hashes by hashing the piece they belong to again, once for all questions about it that come together. What lies above a piece layer is hashed once and
/// kept, so that a question costs no more than its answer. Any thread may call.
/// </summary>
/// <param name="readNodes">What stands above the blocks where a layer is not known as a whole; null if nothing can be said of it.</param>
internal sealed class HashServer(TorrentInfo info, PieceLayers layers, ReadLeaves readLeaves, ReadNodes? readNodes = null)
{
    private readonly ConcurrentDictionary<FileIndex, byte[][]> _trees = new();
    private readonly LeafCache _leaves = new(readLeaves);

    /// <returns>The hashes, or null to refuse.</returns>
    public async ValueTask<byte[]?> AnswerAsync(HashRequest request, CancellationToken ct)
    {
        var geometry = info.Geometry;
        if (!info.HasV2 || request.File.IsNone || Find(request.File) is not { } file || !request.Range.FitsTree(geometry.TreeHeight(file))) return null;
        if (!layers.IsKnown(file)) return await InPartAsync(file, request.Range, ct);

        var hashes = new byte[request.Range.TotalHashes * Hash256.Length];
        if (request.Range.BaseLayer == geometry.PieceHeight && layers.NeedsLayer(file))
        {
            CopyRun(file, 0, request.Range.Index, request.Range.Length, hashes);
            CopyUncles(file, request.Range.Index, request.Range.Length, hashes.AsSpan(request.Range.Length * Hash256.Length));
            return hashes;
        }

        if (request.Range.BaseLayer != 0 || await ReadLeavesAsync(file, request.Range, hashes, ct) is not (> 0 and var read)) return null;

        CopyUncles(file, request.Range.Index >> geometry.HashHeight(file), 1, hashes.AsSpan(read));
        return hashes;
    }

    /// <summary>Answers what can be worked out of a layer that is known in part.</summary>
    private async ValueTask<byte[]?> InPartAsync(FileIndex file, HashRange range, CancellationToken ct)
    {
        if (readNodes is null) return null;

        var (hashes, height, at) = (new byte[range.TotalHashes * Hash256.Length], info.Geometry.PieceHeight, 0);
        if (range.BaseLayer == height)
        {
            at = range.Length * Hash256.Length;
            if (!await readNodes(file, height, range.Index, hashes.AsMemory(0, at), ct)) return null;

            height += BitOperations.Log2((uint)range.Length);
        }
        else if (range.BaseLayer == 0)
        {
            at = await ReadLeavesAsync(file, range, hashes, ct);
        }

        if (at == 0) return null;

        for (var position = range.Index >> (height - range.BaseLayer); at < hashes.Length; at += Hash256.Length, height++, position >>= 1)
        {
            if (!await readNodes(file, height, position ^ 1, hashes.AsMemory(at, Hash256.Length), ct)) return null;
        }

        return hashes;
    }

    /// <summary>Leaves within one piece, with those of their uncles that are in it too.</summary>
    /// <returns>How many bytes that is; 0 if they are not here, or of more than a piece.</returns>
    private async ValueTask<int> ReadLeavesAsync(FileIndex file, HashRange range, byte[] hashes, CancellationToken ct)
    {
        var geometry = info.Geometry;
        var (own, within) = (BitOperations.Log2((uint)range.Length), geometry.HashHeight(file));
        var inFile = range.Index >> within;
        if (own > within || inFile >= geometry.PieceCountOf(file)) return 0;

        var piece = new PieceIndex(geometry.FirstPiece(file) + inFile);
        if (await _leaves.GetAsync(piece, geometry.BlockCountOf(piece), ct) is not { } leaves) return 0;

        var uncles = Math.Min(range.UncleCount, within - own);
        var part = new HashRange(0, range.Index & ((1 << within) - 1), range.Length, uncles == 0 ? 0 : uncles + own - 1);
        var length = part.TotalHashes * Hash256.Length;
        part.CopyFrom(leaves, hashes.AsSpan(0, length)); // past the last block the leaves are zero
        return length;
    }

    /// <summary>The siblings on the way up from a run of the piece layer, as many as there is room for.</summary>
    private void CopyUncles(FileIndex file, int index, int length, Span<byte> destination)
    {
        var level = BitOperations.Log2((uint)length);
        for (var position = index / length; destination.Length > 0; position >>= 1, level++, destination = destination[Hash256.Length..])
        {
            CopyRun(file, level, position ^ 1, 1, destination);
        }
    }

    /// <param name="level">Above the piece layer.</param>
    private void CopyRun(FileIndex file, int level, int index, int count, Span<byte> destination)
    {
        var hashes = _trees.GetOrAdd(file, BuildTree)[level];
        for (var i = 0; i < count; i++)
        {
            var at = (index + i) * Hash256.Length;
            var hash = at < hashes.Length ? hashes.AsSpan(at, Hash256.Length) : MerkleTree.PadHash(info.Geometry.PieceHeight + level);
            hash.CopyTo(destination[(i * Hash256.Length)..]);
        }
    }

    /// <summary>The piece layer and all above it, without padding.</summary>
    private byte[][] BuildTree(FileIndex file)
    {
        var height = info.Geometry.PieceHeight;
        var tree = new byte[info.Geometry.TreeHeight(file) - height + 1][];
        tree[0] = layers[file].ToArray();
        for (var level = 1; level < tree.Length; level++)
        {
            var below = tree[level - 1];
            var count = below.Length / Hash256.Length;
            tree[level] = new byte[(count + 1) / 2 * Hash256.Length];
            for (var i = 0; i < count; i += 2)
            {
                ReadOnlySpan<byte> right = i + 1 < count ? below.AsSpan((i + 1) * Hash256.Length, Hash256.Length) : MerkleTree.PadHash(height + level - 1);
                MerkleTree.HashPair(below.AsSpan(i * Hash256.Length, Hash256.Length), right, tree[level].AsSpan(i / 2 * Hash256.Length));
            }
        }

        return tree;
    }

    private FileIndex? Find(FileId id)
    {
        for (var i = 0; i < info.Files.Count; i++)
        {
            if (info.Files[i].Id == id) return new FileIndex(i);
        }

        return null;
    }
}
