using System.Runtime.InteropServices;
using Shoal.Node.Commands;

namespace Shoal.Cli.Hosting;

/// <summary>Ctrl+C and SIGTERM: the first asks everything to stop, the second ends at once.</summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public CancellationToken Token => _stop.Token;

    /// <summary>The exit code of what was stopped before it was done; null while nobody asked.</summary>
    public ExitCode? Code { get; private set; }

    /// <param name="leave">Puts the terminal right before the process ends at once.</param>
    public void Attach(Action leave)
    {
        foreach (var (signal, code) in new[] { (PosixSignal.SIGINT, ExitCode.Interrupted), (PosixSignal.SIGTERM, ExitCode.Terminated), (PosixSignal.SIGHUP, ExitCode.Terminated) })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (Stop(code)) return;

                leave();
                Environment.Exit((int)code);
            }));
        }
    }

    /// <summary>False if it had been asked for before.</summary>
    public bool Stop(ExitCode code)
    {
        lock (_stop)
        {
            if (Code is not null) return false;
            Code = code;
        }

        _ = _stop.CancelAsync();
        return true;
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }
}
