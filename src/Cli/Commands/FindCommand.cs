using System.CommandLine;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Node.Commands;

namespace Shoal.Cli.Commands;

internal static class FindCommand
{
    private const double DefaultTimeout = 30;

    public static Command Create(Shell shell)
    {
        var id = new Argument<string>("ID") { Description = "The ID of a torrent, a file or a chunk, or a link" };
        var timeout = Typed.Seconds("--timeout", "Give up after so long without an answer (default: 30)");
        var trackers = Typed.Trackers("A tracker to ask, beside those that the link names; repeatable");
        var network = new NetworkOptions(shell);
        var output = new OutputOptions();
        var command = new Command("find", "Which peers have a torrent, a file or a chunk") { id, timeout, trackers };
        network.AddTo(command);
        output.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var session = new StoreSession(shell.Door(network.Read(parse, output.Read(parse).Verbose) with { ReadOnlyDht = true }, network.Settled(parse)), shell.Clock);
            return new CommandRun(shell, output.Read(parse)).RunAsync(
                (report, ct) =>
                {
                    var named = LinkArgument.Read(parse.GetValue(id)!, shell.Folder);
                    var request = new FindRequest(named.Id!)
                    {
                        Peers = [.. named.Magnet?.Peers ?? [], .. network.Peers(parse)],
                        Trackers = [.. named.Torrent?.Trackers ?? named.Magnet?.Trackers ?? [], .. parse.GetValue(trackers) ?? []],
                        Timeout = parse.GetValue(timeout) ?? DefaultTimeout,
                        Bootstrap = network.Bootstrap(parse),
                    };
                    return session.RunAsync((commands, tell, stop) => commands.FindAsync(request, tell, stop), report, ct);
                },
                endsByStopping: false);
        });
        return command;
    }
}
