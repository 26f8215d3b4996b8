using System.Numerics;
using System.Security.Cryptography;
using Shoal.Core.Hashing;

namespace Shoal.Core.Merkle;

/// <summary>
/// The SHA-256 tree of BEP 52 over the blocks of one file. A layer is a run of 32-byte hashes; height 0 is the leaves, and
/// what lies beyond the end of a file is a subtree of zero leaves.
/// </summary>
public static class MerkleTree
{
    public const int BlockLength = 16 * 1024; // BEP 52

    /// <summary>No file that a 64-bit length can name has a taller tree.</summary>
    public const int MaxHeight = 50;

    private const int PairLength = 2 * Hash256.Length;

    private static readonly Sha256Lanes Blocks = new(BlockLength);
    private static readonly Sha256Lanes Pairs = new(PairLength);
    private static readonly byte[][] PadHashes = MakePadHashes();

    /// <summary>The root of a subtree of that height whose leaves all are zero.</summary>
    public static ReadOnlySpan<byte> PadHash(int height) => PadHashes[height];

    public static long BlockCount(long length) => length / BlockLength + (length % BlockLength == 0 ? 0 : 1);

    /// <summary>The height of the smallest tree with room for that many leaves.</summary>
    public static int HeightOf(long leaves) => leaves <= 1 ? 0 : 64 - BitOperations.LeadingZeroCount((ulong)(leaves - 1));

    /// <summary>Hashes data block by block; the last block may be short.</summary>
    /// <param name="data">From a block boundary on.</param>
    /// <param name="leaves">32 bytes for each block.</param>
    public static void HashLeaves(ReadOnlySpan<byte> data, Span<byte> leaves)
    {
        var whole = data.Length - data.Length % BlockLength;
        Blocks.HashEach(data[..whole], leaves);
        if (whole < data.Length) SHA256.HashData(data[whole..], leaves[(whole / BlockLength * Hash256.Length)..]);
    }

    /// <summary>Folds a layer upward in place until the root of the subtree of the given height stands in its first 32 bytes.</summary>
    /// <param name="layer">At least one hash, at most 2^(<paramref name="toHeight"/> − <paramref name="fromHeight"/>); overwritten.</param>
    public static Hash256 Fold(Span<byte> layer, int fromHeight, int toHeight)
    {
        var count = layer.Length / Hash256.Length;
        Span<byte> pair = stackalloc byte[PairLength];
        for (var height = fromHeight; height < toHeight; height++)
        {
            if (count % 2 == 1)
            {
                layer.Slice((count - 1) * Hash256.Length, Hash256.Length).CopyTo(pair);
                PadHash(height).CopyTo(pair[Hash256.Length..]);
            }

            Pairs.HashEach(layer[..(count / 2 * PairLength)], layer);
            if (count % 2 == 1) SHA256.HashData(pair, layer[(count / 2 * Hash256.Length)..]);

            count = (count + 1) / 2;
        }

        return new Hash256(layer[..Hash256.Length]);
    }

    /// <summary>The layer that lies above another.</summary>
    /// <param name="layer">Hashes that cover a file, beyond which is padding.</param>
    public static byte[] FoldLayer(ReadOnlySpan<byte> layer, int fromHeight, int toHeight)
    {
        var group = (long)Hash256.Length << (toHeight - fromHeight);
        var folded = new byte[(layer.Length + group - 1) / group * Hash256.Length];
        var part = new byte[Math.Min(group, layer.Length)];
        for (var at = 0L; at < layer.Length; at += group)
        {
            var hashes = layer[(int)at..(int)Math.Min(at + group, layer.Length)];
            hashes.CopyTo(part);
            Fold(part.AsSpan(0, hashes.Length), fromHeight, toHeight).CopyTo(folded.AsSpan((int)(at / group) * Hash256.Length));
        }

        return folded;
    }

    /// <summary>The root of the subtree of the given height over data.</summary>
    /// <param name="scratch">At least 32 bytes for each block of the data; holds no meaning afterwards.</param>
    public static Hash256 Root(ReadOnlySpan<byte> data, int height, Span<byte> scratch)
    {
        var leaves = scratch[..((int)BlockCount(data.Length) * Hash256.Length)];
        HashLeaves(data, leaves);
        return Fold(leaves, 0, height);
    }

    public static void HashPair(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> destination)
    {
        Span<byte> pair = stackalloc byte[PairLength];
        left.CopyTo(pair);
        right.CopyTo(pair[Hash256.Length..]);
        SHA256.HashData(pair, destination);
    }

    private static byte[][] MakePadHashes()
    {
        var hashes = new byte[MaxHeight + 1][];
        hashes[0] = new byte[Hash256.Length];
        for (var height = 1; height <= MaxHeight; height++)
        {
            hashes[height] = new byte[Hash256.Length];
            HashPair(hashes[height - 1], hashes[height - 1], hashes[height]);
        }

        return hashes;
    }
}
