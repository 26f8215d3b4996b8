using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Core.Merkle;

namespace Shoal.Storage.Catalogues;

/// <summary>
/// What <c>runs</c> holds of a file: every node of its tree from the piece layer up to below its root, so that a chunk is found at this piece length and at any larger
/// one; and the name of its canonical torrent. A key is the first 8 bytes, and what it leads to is compared with the layer. Equal chunks of one file are entered once.
/// </summary>
internal static class RunKeys
{
    /// <summary>Stands for the name of the file's canonical torrent.</summary>
    public const long Name = -1;

    private const int LevelBits = 6; // a tree has fewer levels than 64

    public static long Of(Hash256 id)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Length];
        id.CopyTo(bytes);
        return Of(bytes);
    }

    public static long Of(Hash160 truncated)
    {
        Span<byte> bytes = stackalloc byte[Hash160.Length];
        truncated.CopyTo(bytes);
        return Of(bytes);
    }

    /// <param name="level">Above the piece layer.</param>
    /// <param name="index">In its level.</param>
    public static (int Level, int Index) Place(long node) => ((int)(node & ((1 << LevelBits) - 1)), (int)(node >> LevelBits));

    /// <param name="layer">A whole piece layer of more than one hash.</param>
    public static IEnumerable<(long Key, long Node)> Of(byte[] layer, int pieceHeight)
    {
        for (var level = 0; layer.Length > Hash256.Length; level++)
        {
            for (var i = 0; i < layer.Length / Hash256.Length; i++) yield return (Of(layer.AsSpan(i * Hash256.Length)), ((long)i << LevelBits) | (uint)level);

            layer = MerkleTree.FoldLayer(layer, pieceHeight + level, pieceHeight + level + 1);
        }
    }

    private static long Of(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadInt64BigEndian(hash);
}
