using System.Numerics;

namespace Shoal.Core.Merkle;

/// <summary>
/// An aligned run of hashes in one layer of a file's tree, with the uncles that tie it to the root: what <c>hash request</c> asks for and
/// <c>hashes</c> answers (BEP 52).
/// </summary>
/// <param name="BaseLayer">Height of the run above the leaves.</param>
/// <param name="Index">Of the first hash in its layer; a multiple of <paramref name="Length"/>.</param>
/// <param name="Length">Number of hashes, a power of two, at least 2.</param>
/// <param name="ProofLayers">Ancestor layers asked for; those that follow from the run itself count but are not sent.</param>
public readonly record struct HashRange(int BaseLayer, int Index, int Length, int ProofLayers)
{
    public const int MaxLength = 512; // BEP 52: SHOULD NOT be greater

    private int OwnLayers => BitOperations.Log2((uint)Length);

    /// <summary>How many uncle hashes follow the run.</summary>
    public int UncleCount => Math.Max(0, ProofLayers - (OwnLayers - 1));

    public int TotalHashes => Length + UncleCount;

    /// <summary>Whether the range lies within a tree of that height.</summary>
    public bool FitsTree(int height) =>
        BaseLayer >= 0 && BaseLayer < height
        && Length >= 2 && Length <= MaxLength && BitOperations.IsPow2(Length)
        && Index >= 0 && Index % Length == 0
        && (long)Index + Length <= 1L << (height - BaseLayer)
        && ProofLayers >= 0 && ProofLayers < height - BaseLayer;

    /// <summary>The ranges that together prove a whole layer of a file against its root.</summary>
    public static IEnumerable<HashRange> CoverLayer(int baseLayer, int height, int used)
    {
        var width = 1L << (height - baseLayer);
        if (width <= MaxLength)
        {
            yield return new HashRange(baseLayer, 0, (int)width, 0);
            yield break;
        }

        for (var index = 0; index < used; index += MaxLength)
        {
            yield return new HashRange(baseLayer, index, MaxLength, height - baseLayer - 1);
        }
    }

    /// <summary>Whether the hashes, run and uncles together, lead to the root of a tree of that height.</summary>
    /// <param name="hashes">Exactly <see cref="TotalHashes"/> hashes.</param>
    public bool Proves(ReadOnlySpan<byte> hashes, Hash256 root, int height)
    {
        if (hashes.Length != TotalHashes * Hash256.Length || !FitsTree(height)) return false;

        var runHeight = BaseLayer + OwnLayers;
        if (runHeight + UncleCount != height) return false;

        Span<byte> run = stackalloc byte[MaxLength * Hash256.Length];
        run = run[..(Length * Hash256.Length)];
        hashes[..run.Length].CopyTo(run);
        MerkleTree.Fold(run, BaseLayer, runHeight);
        var node = run[..Hash256.Length];
        var position = Index / Length;
        for (var uncles = hashes[(Length * Hash256.Length)..]; uncles.Length > 0; uncles = uncles[Hash256.Length..], position >>= 1)
        {
            var uncle = uncles[..Hash256.Length];
            if ((position & 1) == 0) MerkleTree.HashPair(node, uncle, node);
            else MerkleTree.HashPair(uncle, node, node);
        }

        return new Hash256(node) == root;
    }

    /// <summary>Cuts the range, and the uncles it needs, out of a whole layer.</summary>
    /// <param name="layer">The hashes of the base layer that cover the file; beyond them is padding.</param>
    /// <param name="destination">Room for <see cref="TotalHashes"/> hashes.</param>
    public void CopyFrom(ReadOnlySpan<byte> layer, Span<byte> destination)
    {
        CopyRun(layer, BaseLayer, Index, Length, destination);
        var height = BaseLayer + OwnLayers;
        var above = UncleCount == 0 ? [] : Raise(layer.ToArray(), BaseLayer, OwnLayers);
        var position = Index / Length;
        for (var i = 0; i < UncleCount; i++, height++, position >>= 1)
        {
            CopyRun(above, height, position ^ 1, 1, destination[((Length + i) * Hash256.Length)..]);
            above = Raise(above, height, 1);
        }
    }

    private static byte[] Raise(byte[] layer, int height, int by)
    {
        Span<byte> right = stackalloc byte[Hash256.Length];
        for (; by > 0; by--, height++)
        {
            var count = (layer.Length / Hash256.Length + 1) / 2;
            var parents = new byte[count * Hash256.Length];
            for (var i = 0; i < count; i++)
            {
                CopyRun(layer, height, 2 * i + 1, 1, right);
                MerkleTree.HashPair(layer.AsSpan(2 * i * Hash256.Length, Hash256.Length), right, parents.AsSpan(i * Hash256.Length));
            }

            layer = parents;
        }

        return layer;
    }

    private static void CopyRun(ReadOnlySpan<byte> layer, int height, int index, int count, Span<byte> destination)
    {
        for (var i = 0; i < count; i++)
        {
            var at = (index + i) * Hash256.Length;
            var hash = at < layer.Length ? layer.Slice(at, Hash256.Length) : MerkleTree.PadHash(height);
            hash.CopyTo(destination[(i * Hash256.Length)..]);
        }
    }
}
