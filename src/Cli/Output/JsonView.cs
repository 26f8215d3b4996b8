using Shoal.Http.Control;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Output;

/// <summary>For programs: one event a line and nothing else on standard output. Errors are told on standard error too.</summary>
internal sealed class JsonView(Screen screen) : IView
{
    private readonly Lock _line = new();

    public Task<ExitCode> RunAsync(Func<Action<ShoalEvent>, Task<ExitCode>> command) => command(Report);

    private void Report(ShoalEvent e)
    {
        lock (_line)
        {
            screen.Write(output =>
            {
                EventLine.Write(e, output);
                output.WriteByte((byte)'\n');
            });
            if (e is not (ErrorEvent or WarningEvent)) return;

            screen.Error.Write(e is ErrorEvent error ? Sentences.Error(error) : Sentences.Warning((WarningEvent)e));
            screen.Error.Flush();
        }
    }
}
