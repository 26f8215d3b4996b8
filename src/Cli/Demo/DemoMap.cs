using Shoal.Cli.Output;
using Shoal.Node.Events;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Shoal.Cli.Demo;

/// <summary>Which source each piece came from: one cell for a piece, or for a few where there are many; letters where there are no colours.</summary>
internal sealed class DemoMap : IRenderable
{
    private const int MaxRows = 8, MaxColumns = 64;

    private readonly Lock _lock = new();
    private readonly List<string> _sources = [];
    private int[] _from = [];

    /// <summary>The place of a source in the order of colours; a new one gets the next.</summary>
    public int ColourOf(string source)
    {
        lock (_lock)
        {
            var at = _sources.IndexOf(source);
            if (at >= 0) return at;

            _sources.Add(source);
            return _sources.Count - 1;
        }
    }

    public void Take(PieceEvent piece)
    {
        var colour = ColourOf(piece.Address);
        lock (_lock)
        {
            if (_from.Length != piece.Count) _from = new int[piece.Count];
            if ((uint)piece.Index < (uint)_from.Length) _from[piece.Index] = colour + 1;
        }
    }

    /// <summary>Nobody tells of a piece that was proven after its giver had gone; only one giver goes here, so the rest is its.</summary>
    public void GiveRestTo(string source)
    {
        var colour = ColourOf(source) + 1;
        lock (_lock)
        {
            foreach (ref var from in _from.AsSpan())
            {
                if (from == 0) from = colour;
            }
        }
    }

    public int CountOf(string source)
    {
        var colour = ColourOf(source) + 1;
        lock (_lock) return _from.Count(c => c == colour);
    }

    public Measurement Measure(RenderOptions options, int maxWidth) => new(1, maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        int[] from;
        lock (_lock) from = [.. _from];
        if (from.Length == 0) yield break;

        var columns = Math.Min(MaxColumns, Math.Max(8, maxWidth - 2));
        var perCell = (from.Length + columns * MaxRows - 1) / (columns * MaxRows);
        var cells = (from.Length + perCell - 1) / perCell;
        var colourless = options.ColorSystem == ColorSystem.NoColors;
        for (var row = 0; row * columns < cells; row++)
        {
            yield return new Segment("  ");
            for (var cell = row * columns; cell < Math.Min(cells, (row + 1) * columns); cell++)
            {
                // a cell of several pieces shows the last one of them that came
                var colour = from.AsSpan(cell * perCell, Math.Min(perCell, from.Length - cell * perCell)).ToArray().Max();
                yield return colour == 0
                    ? new Segment("·", Look.Dim)
                    : new Segment(colourless ? ((char)('A' + (colour - 1) % 26)).ToString() : "■", Look.Sources[(colour - 1) % Look.Sources.Length]);
            }

            yield return Segment.LineBreak;
        }
    }
}
