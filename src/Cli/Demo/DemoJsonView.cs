using Shoal.Cli.Output;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Demo;

/// <summary>One <c>demo</c> event a line; an error is an <c>error</c> event as everywhere.</summary>
internal sealed class DemoJsonView(Screen screen) : IDemoView
{
    private readonly JsonView _plain = new(screen);
    private readonly Lock _line = new();

    public Task<ExitCode> RunAsync(Func<Action<ShoalEvent>, Task<ExitCode>> command) => _plain.RunAsync(report => command(e =>
    {
        lock (_line) report(e);
    }));

    public void Show(DemoEvent e)
    {
        lock (_line)
        {
            screen.Out.Write(DemoJson.Write(e) + "\n");
            screen.Out.Flush();
        }
    }
}
