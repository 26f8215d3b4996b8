using Shoal.Core;
using Shoal.Core.Merkle;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Workers;

/// <summary>Hashes pieces, in memory or read from a file bit by bit.</summary>
internal static class PieceHash
{
    private const int BufferHeight = 6; // WorkerScratch.BufferLength = 2^6 blocks

    /// <summary>The root at a height over data in memory.</summary>
    public static Hash256 Of(ReadOnlySpan<byte> data, int height, WorkerScratch scratch) =>
        MerkleTree.Root(data, height, scratch.Hashes((int)MerkleTree.BlockCount(data.Length)));

    /// <summary>The root at a height over a run of a file; false if the file ends before it does.</summary>
    public static bool TryRead(IDiskFile file, long offset, int length, int height, WorkerScratch scratch, out Hash256 hash)
    {
        hash = default;
        var parts = (length + WorkerScratch.BufferLength - 1) / WorkerScratch.BufferLength;
        var hashes = scratch.Hashes(parts + (1 << BufferHeight));
        var layer = hashes[..(parts * Hash256.Length)];
        var leaves = hashes[layer.Length..];
        var partHeight = Math.Min(height, BufferHeight);
        for (var i = 0; i < parts; i++)
        {
            var at = i * WorkerScratch.BufferLength;
            var part = scratch.Buffer[..Math.Min(WorkerScratch.BufferLength, length - at)];
            if (file.Read(part, offset + at) < part.Length) return false;

            MerkleTree.Root(part, partHeight, leaves).CopyTo(layer[(i * Hash256.Length)..]);
        }

        hash = MerkleTree.Fold(layer, partHeight, height);
        return true;
    }
}
