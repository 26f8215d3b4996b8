using Shoal.Core;

namespace Shoal.Engine.Picking;

/// <summary>Counts who has what.</summary>
internal static class PieceCensus
{
    private const int MostCopies = 8;
    private const int StripLength = 60;

    /// <param name="wanted">Of those that are not there these are missing.</param>
    /// <param name="availability">How many peers have each piece, seeds left out.</param>
    public static SwarmPieces Take(Bitfield have, Bitfield wanted, ReadOnlySpan<int> availability, int seeds)
    {
        var copies = new int[MostCopies + 1];
        var strip = new PieceStretch[Math.Min(StripLength, have.Length)];
        var missing = 0;
        for (var i = 0; i < strip.Length; i++)
        {
            var (first, end) = ((int)((long)have.Length * i / strip.Length), (int)((long)have.Length * (i + 1) / strip.Length));
            var here = 0;
            int? fewest = null;
            for (var piece = first; piece < end; piece++)
            {
                if (have[piece])
                {
                    here++;
                    continue;
                }

                if (!wanted[piece]) continue;

                var count = availability[piece] + seeds;
                missing++;
                copies[Math.Min(count, MostCopies)]++;
                fewest = Math.Min(fewest ?? count, count);
            }

            strip[i] = new PieceStretch((double)here / (end - first), fewest);
        }

        return new SwarmPieces { Count = have.Length, Have = have.Count, Missing = missing, Copies = missing > 0 ? copies : [], Strip = strip };
    }
}
