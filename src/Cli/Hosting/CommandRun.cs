using Shoal.Cli.Arguments;
using Shoal.Cli.Output;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Hosting;

/// <summary>How a command's output is wanted.</summary>
internal sealed record OutputWish(bool Json, bool Quiet, bool Verbose);

internal delegate Task<ExitCode> CommandBody(Action<ShoalEvent> report, CancellationToken ct);

/// <summary>Runs the body of a command to its exit code: shows its events, turns what it throws into a sentence, and knows what a signal means for it.</summary>
internal sealed class CommandRun(Shell shell, OutputWish wish)
{
    private bool _saidWhy, _done, _fetching;

    /// <param name="body">What to do.</param>
    /// <param name="endsByStopping">Whether it goes on until it is stopped, and is done then.</param>
    public Task<int> RunAsync(CommandBody body, bool endsByStopping)
    {
        IView view = wish.Json ? new JsonView(shell.Screen) : new HumanView(shell.Screen, wish.Quiet, wish.Verbose, shell.Clock);
        return RunAsync(view, body, endsByStopping);
    }

    public async Task<int> RunAsync(IView view, CommandBody body, bool endsByStopping)
    {
        var code = await view.RunAsync(report => RunAsync(body, endsByStopping, e => Report(e, report)));
        if (code is ExitCode.Interrupted or ExitCode.Terminated && _fetching && !wish.Json && !wish.Quiet) await shell.Screen.Error.WriteLineAsync(Sentences.Stopped);
        return (int)code;
    }

    private async Task<ExitCode> RunAsync(CommandBody body, bool endsByStopping, Action<ShoalEvent> report)
    {
        var code = ExitCode.Failed;
        try
        {
            code = await body(report, shell.Stop.Token);
        }
        catch (OperationCanceledException) when (shell.Stop.Code is not null)
        {
            code = ExitCode.Interrupted;
        }
        catch (RefusedException e)
        {
            report(new ErrorEvent(e.Code, e.Message));
            code = e.Exit;
        }
        catch (ShoalException e)
        {
            report(new ErrorEvent(e.Code, e.Message));
        }
        catch (Exception e)
        {
            report(new ErrorEvent("internal", $"Something unexpected went wrong: {e.Message}" + (wish.Verbose ? "" : " (--verbose says where)")));
            if (wish.Verbose) await shell.Screen.Error.WriteLineAsync(e.ToString());
        }

        if (shell.Stop.Code is { } stopped && (code == ExitCode.Interrupted || (code != ExitCode.Done && !_saidWhy))) return endsByStopping || _done ? ExitCode.Done : stopped;
        if (code != ExitCode.Done && !_saidWhy) report(Sentences.Unsaid(code));
        return code;
    }

    private void Report(ShoalEvent e, Action<ShoalEvent> report)
    {
        if (e is ErrorEvent) _saidWhy = true;
        if (e is ProgressEvent { Bytes: > 0 }) _fetching = true;
        if (e is DoneEvent done)
        {
            _done = true;
            e = done with { Seconds = Math.Round(shell.Age().TotalSeconds, 3) }; // from the start of this process, whoever did the work
        }

        report(e);
    }
}
