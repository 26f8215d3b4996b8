using Shoal.Core.Geometry;

namespace Shoal.Engine.WebSeeds;

/// <summary>A part of a file to ask a server for in one request.</summary>
internal readonly record struct WebSeedRange(FileIndex File, long Offset, long Length)
{
    /// <summary>What to ask for to get a run of blocks: neighbouring parts of a file are one, and padding (BEP 47) is asked of nobody.</summary>
    public static IReadOnlyList<WebSeedRange> Of(TorrentGeometry geometry, IEnumerable<(PieceIndex Piece, BlockIndex Block)> run)
    {
        var ranges = new List<WebSeedRange>();
        foreach (var (piece, block) in run)
        {
            foreach (var span in SpansOf(geometry, piece, block))
            {
                if (ranges is [.., var last] && last.File == span.File && last.Offset + last.Length == span.Offset) ranges[^1] = last with { Length = last.Length + span.Length };
                else ranges.Add(new WebSeedRange(span.File, span.Offset, span.Length));
            }
        }

        return ranges;
    }

    /// <summary>Whether one block follows another without a gap, be it in the next piece.</summary>
    public static bool Follows(TorrentGeometry geometry, (PieceIndex Piece, BlockIndex Block) first, (PieceIndex Piece, BlockIndex Block) second)
    {
        if (first.Piece == second.Piece) return first.Block + 1 == second.Block;

        return first.Piece + 1 == second.Piece && second.Block == 0 && first.Block + 1 == geometry.BlockCountOf(first.Piece);
    }

    public static FileSpans SpansOf(TorrentGeometry geometry, PieceIndex piece, BlockIndex block) =>
        geometry.SpansOf(piece, block * TorrentGeometry.BlockLength, geometry.LengthOf(piece, block));
}
