using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine.Picking;

namespace Shoal.Unit.Engine;

/// <summary>Situations from strings: a column for each piece.</summary>
internal static class Drawn
{
    /// <param name="pieces"><c>x</c> for a piece that is there, <c>.</c> for one that is not.</param>
    public static Bitfield Pieces(string pieces)
    {
        var bitfield = new Bitfield(pieces.Length);
        for (var i = 0; i < pieces.Length; i++)
        {
            if (pieces[i] != '.') bitfield.Set(i);
        }

        return bitfield;
    }

    public static string Of(Bitfield bitfield) => string.Concat(Enumerable.Range(0, bitfield.Length).Select(i => bitfield[i] ? 'x' : '.'));

    /// <param name="availability">How many peers have each piece.</param>
    /// <param name="have">Pieces that need not be fetched.</param>
    /// <param name="partial">Pieces that are begun.</param>
    public static PiecePicker Picker(string availability, string? have = null, string? partial = null, int seed = 1)
    {
        var picker = new PiecePicker(availability.Length, new Random(seed));
        for (var i = 0; i < availability.Length; i++)
        {
            if (Is(have, i)) continue;
            picker.Add(new PieceIndex(i));
        }

        for (var i = 0; i < availability.Length; i++)
        {
            for (var peer = '0'; peer < availability[i]; peer++) picker.Raise(new PieceIndex(i));
        }

        for (var i = 0; i < availability.Length; i++)
        {
            if (Is(partial, i)) picker.Remove(new PieceIndex(i));
        }

        return picker;

        static bool Is(string? drawn, int i) => drawn is not null && drawn[i] != '.';
    }
}
