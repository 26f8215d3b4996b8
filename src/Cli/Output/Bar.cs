using Spectre.Console.Rendering;

namespace Shoal.Cli.Output;

/// <summary>A bar as wide as it may be, filled to a share of it.</summary>
internal sealed class Bar(double share, int width) : IRenderable
{
    public Measurement Measure(RenderOptions options, int maxWidth) => new(Math.Min(width, maxWidth), Math.Min(width, maxWidth));

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var cells = Math.Min(width, maxWidth);
        var full = (int)Math.Round(Math.Clamp(share, 0, 1) * cells);
        if (full > 0) yield return new Segment(new string('━', full), share >= 1 ? Look.Good : Look.Accent);
        if (full < cells) yield return new Segment(new string('─', cells - full), Look.Dim);
    }
}
