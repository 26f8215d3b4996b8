using System.CommandLine;
using Microsoft.Extensions.Logging;
using Shoal.Cli.Hosting;
using Shoal.Cli.Output;

namespace Shoal.Cli.Commands;

internal static class NodeCommand
{
    public static Command Create(Shell shell)
    {
        var quota = Typed.SizeFromZero("--quota", "How many bytes the store may hold of downloads and copies, from now on; 0 is no limit (default: as it was set)");
        var network = new NetworkOptions(shell);
        var output = new OutputOptions();
        var command = new Command("node", "Run a node: serve all that the store holds, until Ctrl+C") { quota };
        network.AddTo(command);
        output.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var session = new StoreSession(shell.Door(network.Read(parse, output.Read(parse).Verbose) with { ServeStore = true, Quota = parse.GetValue(quota), Logging = new ScreenLogging(shell.Screen, output.Read(parse).Verbose ? LogLevel.Debug : LogLevel.Warning) }, []), shell.Clock);
            return new CommandRun(shell, output.Read(parse)).RunAsync(session.HoldAsync, endsByStopping: true);
        });
        return command;
    }
}
