using System.Numerics;

namespace Shoal.Core.Merkle;

/// <summary>
/// An aligned run of hashes in one layer of a file's tree, with the uncles that tie it to the root: what <c>hash request</c> asks for and
/// <c>hashes</c> answers (BEP 52). Any numbers can stand here, since peers send them: the rest means something only once
/// <see cref="FitsTree"/> says so.
/// </summary>
/// <param name="BaseLayer">Height of the run above the leaves.</param>
/// <param name="Index">Of the first hash in its layer; a multiple of <paramref name="Length"/>.</param>
/// <param name="Length">Number of hashes, a power of two, at least 2.</param>
/// <param name="ProofLayers">Ancestor layers asked for; those that follow from the run itself count but are not sent.</param>
public readonly record struct HashRange(int BaseLayer, int Index, int Length, int ProofLayers)
{
    public const int MaxLength = 512; // BEP 52: SHOULD NOT be greater

    private int OwnLayers => BitOperations.Log2((uint)Length);

    /// <summary>How many uncle hashes follow the run: those of the first log2(length) − 1 proof layers follow from it and are left out.</summary>
    public int UncleCount => ProofLayers < OwnLayers ? 0 : ProofLayers - (OwnLayers - 1);

    public int TotalHashes => Length + UncleCount;

    /// <summary>Whether the range lies within a tree of that height. For a tree not known yet, <see cref="MerkleTree.MaxHeight"/> bounds it.</summary>
    public bool FitsTree(int height) =>
        BaseLayer >= 0 && BaseLayer < height
        && Length >= 2 && Length <= MaxLength && BitOperations.IsPow2(Length)
        && Index >= 0 && Index % Length == 0
        && (long)Index + Length <= 1L << (height - BaseLayer)
        && ProofLayers >= 0 && ProofLayers < height - BaseLayer;

    /// <summary>The ranges that together prove a whole layer of a file against its root; none if the layer is the root.</summary>
    /// <param name="used">How many hashes of the layer cover the file.</param>
    public static IEnumerable<HashRange> CoverLayer(int baseLayer, int height, int used)
    {
        if (baseLayer >= height) yield break;

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
        if (!FitsTree(height) || hashes.Length != TotalHashes * Hash256.Length) return false;

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
        for (var i = 0; i < Length; i++)
        {
            NodeAbove(layer, BaseLayer, Index + i, destination[(i * Hash256.Length)..]);
        }

        var height = BaseLayer + OwnLayers;
        var position = Index / Length;
        for (var i = Length; i < TotalHashes; i++, height++, position >>= 1)
        {
            NodeAbove(layer, height, position ^ 1, destination[(i * Hash256.Length)..]);
        }
    }

    /// <summary>The node at a height and index, folded from what of the base layer lies beneath it.</summary>
    private void NodeAbove(ReadOnlySpan<byte> layer, int height, int index, Span<byte> destination)
    {
        var width = 1L << (height - BaseLayer);
        var first = index * width;
        var used = Math.Min(layer.Length / Hash256.Length - first, width);
        if (used <= 0)
        {
            MerkleTree.PadHash(height).CopyTo(destination);
            return;
        }

        var beneath = layer.Slice((int)first * Hash256.Length, (int)used * Hash256.Length);
        if (width == 1) beneath.CopyTo(destination);
        else MerkleTree.Fold(beneath.ToArray(), BaseLayer, height).CopyTo(destination);
    }
}
