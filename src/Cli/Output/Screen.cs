using System.Text;
using Spectre.Console;

namespace Shoal.Cli.Output;

/// <summary>Where output goes, and what it can show there.</summary>
internal sealed class Screen
{
    private const int Unbounded = 100_000; // columns of a file or a pipe
    private const int BufferLength = 32 * 1024;

    private BufferedStream? _buffered;

    private Screen(TextWriter output, TextWriter error, IAnsiConsole console, bool isLive, bool isTerminal) =>
        (Out, Error, Console, IsLive, IsTerminal) = (output, error, console, isLive, isTerminal);

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    public IAnsiConsole Console { get; }

    /// <summary>Whether the cursor can be moved, so that what is shown can change.</summary>
    public bool IsLive { get; }

    /// <summary>Whether a person reads it, and not a file or a program.</summary>
    public bool IsTerminal { get; }

    public static Screen OfProcess(Func<string, string?> environment)
    {
        // always UTF-8, whatever the locale says: names and JSON are
        var output = new StreamWriter(System.Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true };
        var error = new StreamWriter(System.Console.OpenStandardError(), new UTF8Encoding(false)) { AutoFlush = true };
        if (System.Console.IsOutputRedirected) return Plain(output, error, Unbounded);

        var dumb = environment("TERM") is null or "" or "dumb" && !OperatingSystem.IsWindows();
        if (dumb) return Plain(output, error, System.Console.WindowWidth is > 0 and var width ? width : 80, isTerminal: true);

        var colours = environment("NO_COLOR") is { Length: > 0 } ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect;
        return new Screen(output, error, Create(output, OperatingSystem.IsWindows() ? AnsiSupport.Detect : AnsiSupport.Yes, colours), true, true);
    }

    /// <summary>No colours, no control codes.</summary>
    public static Screen Plain(TextWriter output, TextWriter error, int width = Unbounded, bool isTerminal = false)
    {
        var console = Create(output, AnsiSupport.No, ColorSystemSupport.NoColors);
        console.Profile.Width = width;
        return new Screen(output, error, console, false, isTerminal);
    }

    /// <summary>Bytes as they are, for a file or a program; what is short goes out in one write.</summary>
    public void Write(Action<Stream> write)
    {
        Out.Flush();
        if (Out is StreamWriter { BaseStream: var stream })
        {
            _buffered ??= new BufferedStream(stream, BufferLength);
            write(_buffered);
            _buffered.Flush();
            return;
        }

        using var all = new MemoryStream();
        write(all);
        Out.Write(Encoding.UTF8.GetString(all.GetBuffer().AsSpan(0, (int)all.Length)));
    }

    /// <summary>Puts the terminal right when the process ends without finishing.</summary>
    public void Restore()
    {
        if (IsLive) Out.Write("\e[?25h\r\n");
    }

    private static IAnsiConsole Create(TextWriter output, AnsiSupport ansi, ColorSystemSupport colours)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = ansi,
            ColorSystem = colours,
            Interactive = ansi == AnsiSupport.No ? InteractionSupport.No : InteractionSupport.Yes,
            Out = new Sink(output),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Capabilities.Unicode = true;
        return console;
    }

    private sealed class Sink(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => !System.Console.IsOutputRedirected;

        public int Width => Measured(System.Console.WindowWidth, 80);

        public int Height => Measured(System.Console.WindowHeight, 24);

        public void SetEncoding(Encoding encoding)
        {
        }

        private static int Measured(int cells, int otherwise) => cells > 0 ? cells : otherwise;
    }
}
