using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Output;

/// <summary>Shows what a command does while it runs.</summary>
internal interface IView
{
    Task<ExitCode> RunAsync(Func<Action<ShoalEvent>, Task<ExitCode>> command);
}
