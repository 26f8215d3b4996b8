using Shoal.Core;
using Shoal.Core.Geometry;

namespace Shoal.Storage.Workers;

/// <summary>Consecutive pieces, read by one worker.</summary>
internal readonly record struct PieceRun(PieceIndex First, int Count)
{
    /// <summary>Splits pieces into runs of a buffer's length, or a piece's where that is longer.</summary>
    public static IEnumerable<PieceRun> Split(TorrentGeometry geometry, Bitfield pieces)
    {
        var longest = Math.Max(1, WorkerScratch.BufferLength / geometry.PieceLength);
        for (var first = pieces.NextSet(0); first >= 0;)
        {
            var end = first + 1;
            while (end < pieces.Length && end - first < longest && pieces[end]) end++;
            yield return new PieceRun(new PieceIndex(first), end - first);
            first = pieces.NextSet(end);
        }
    }
}
