using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;

namespace Shoal.Engine.Serving;

/// <summary>
/// The leaf hashes of the pieces asked about last: a peer that takes a large piece run by run asks for 512 at a time, and each answer alone would cost the hashing of the whole. They prove
/// themselves, so they stay right whatever becomes of the piece. Any thread may call.
/// </summary>
internal sealed class LeafCache(ReadLeaves readLeaves)
{
    private const int MostKept = 4;

    private readonly Lock _lock = new();
    private readonly LinkedList<(PieceIndex Piece, Task<byte[]?> Leaves)> _kept = new(); // the last asked first

    /// <returns>32 bytes for each block; null if the piece is absent.</returns>
    public Task<byte[]?> GetAsync(PieceIndex piece, int blocks, CancellationToken ct)
    {
        if (blocks <= HashRange.MaxLength) return ReadAsync(piece, blocks, ct); // one question asks for all

        lock (_lock)
        {
            for (var node = _kept.First; node is not null; node = node.Next)
            {
                if (node.Value.Piece != piece) continue;
                if (IsWorthless(node.Value.Leaves))
                {
                    _kept.Remove(node);
                    break;
                }

                _kept.Remove(node);
                _kept.AddFirst(node);
                return node.Value.Leaves.WaitAsync(ct);
            }

            var leaves = ReadAsync(piece, blocks, CancellationToken.None);
            _kept.AddFirst((piece, leaves));
            if (_kept.Count > MostKept) _kept.RemoveLast();
            return leaves.WaitAsync(ct);
        }
    }

    private static bool IsWorthless(Task<byte[]?> leaves) => leaves.IsCompleted && (!leaves.IsCompletedSuccessfully || leaves.Result is null);

    private async Task<byte[]?> ReadAsync(PieceIndex piece, int blocks, CancellationToken ct)
    {
        var leaves = new byte[blocks * Hash256.Length];
        return await readLeaves(piece, leaves, ct) ? leaves : null;
    }
}
