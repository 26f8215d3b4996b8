using Spectre.Console;
using Spectre.Console.Rendering;

namespace Shoal.Cli.Output;

/// <summary>One line, never wrapped: a link or a path stays in one piece for whoever copies it. In a live region it is cut at the width instead.</summary>
internal sealed class Line : IRenderable
{
    private const string ClearRest = "\e[K"; // it may be written over something drawn

    private readonly List<Segment> _segments = [];

    public bool IsCut { get; init; }

    public Line Add(string text, Style? style = null)
    {
        if (text.Length > 0) _segments.Add(new Segment(text, style ?? Style.Plain));
        return this;
    }

    public Measurement Measure(RenderOptions options, int maxWidth) => new(1, Math.Min(maxWidth, _segments.Sum(s => s.CellCount())));

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        foreach (var segment in IsCut ? Segment.Truncate(_segments, maxWidth) : _segments) yield return segment;
        if (!IsCut && options.Ansi) yield return Segment.Control(ClearRest);
        yield return Segment.LineBreak;
    }
}
