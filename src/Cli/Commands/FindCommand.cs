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
        var local = new Option<bool>("--local") { Description = "Where this store has it: no network is asked" };
        var network = new NetworkOptions(shell);
        var output = new OutputOptions();
        var command = new Command("find", "Which peers have a torrent, a file or a chunk") { id, local, timeout, trackers };
        network.AddTo(command);
        output.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var isLocal = parse.GetValue(local);
            var options = network.Read(parse, output.Read(parse).Verbose) with { ReadOnlyDht = true };
            var session = isLocal ? new StoreSession(shell.Door(options, []), shell.Clock, needsNetwork: false) : new StoreSession(shell.Door(options, network.Settled(parse)), shell.Clock);
            return new CommandRun(shell, output.Read(parse)).RunAsync(
                (report, ct) =>
                {
                    var named = LinkArgument.Read(parse.GetValue(id)!, shell.Folder);
                    if (isLocal) return session.RunAsync((commands, tell, stop) => commands.FindLocalAsync(new FindLocalRequest(named.Id!), tell, stop), report, ct);

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
