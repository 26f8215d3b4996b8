using Shoal.Core.Geometry;

namespace Shoal.Storage;

/// <param name="Ok">Pieces proven.</param>
/// <param name="Bad">Pieces that ought to be there and are not, or are something else.</param>
/// <param name="Absent">Pieces of an unfinished download that were not fetched yet.</param>
/// <param name="BadFiles">The files that have bad pieces.</param>
public sealed record VerifyResult(int Ok, int Bad, int Absent, IReadOnlyList<FileIndex> BadFiles)
{
    /// <summary>The pieces that are bad, in order.</summary>
    public IReadOnlyList<PieceIndex> BadPieces { get; init; } = [];
}
