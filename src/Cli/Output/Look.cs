using Spectre.Console;

namespace Shoal.Cli.Output;

/// <summary>The few styles there are, in the terminal's own colours.</summary>
internal static class Look
{
    public static readonly Style Strong = new(decoration: Decoration.Bold);
    public static readonly Style Dim = new(Color.Grey);
    public static readonly Style Good = new(Color.Green);
    public static readonly Style Bad = new(Color.Red);
    public static readonly Style Warn = new(Color.Yellow);
    public static readonly Style Accent = new(Color.Aqua);

    /// <summary>One per source, in the order they appeared.</summary>
    public static readonly Style[] Sources = [new(Color.Aqua), new(Color.Yellow), new(Color.Fuchsia), new(Color.Green), new(Color.Blue), new(Color.Red)];
}
