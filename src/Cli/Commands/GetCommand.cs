using System.CommandLine;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Commands;

internal static class GetCommand
{
    public static Command Create(Shell shell)
    {
        var link = new Argument<string>("LINK") { Description = "A magnet link, an ID of 64 hex digits, or the path of a .torrent" };
        var folder = new Option<string>("--output", "-o") { HelpName = "DIR", Description = "Where to put it (default: the current folder)" };
        var only = Typed.Patterns("--only", "Only the files whose path within the torrent matches: * within a name, ** across folders; repeatable");
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace other content that stands in its place" };
        var seed = new Option<bool>("--seed") { Description = "Go on serving when it is done, until Ctrl+C" };
        var noUpload = new Option<bool>("--no-upload") { Description = "Only download: no listener, no announcement, no upload" };
        var quota = Typed.SizeFromZero("--quota", "How many bytes the store may hold of downloads and copies, from now on; 0 is no limit (default: as it was set)");
        var makeRoom = new Option<bool>("--make-room") { Description = "Where the quota does not suffice, let go what was not used for long, as gc does" };
        var timeout = Typed.Seconds("--timeout", "Give up after so long without any progress (default: never)");
        var trackers = Typed.Trackers("A tracker to ask, beside those that the link names; repeatable");
        var network = new NetworkOptions(shell);
        var output = new OutputOptions();
        var command = new Command("get", "Find it, fetch it, prove it") { link, folder, only, overwrite, seed, noUpload, quota, makeRoom, timeout, trackers };
        network.AddTo(command);
        output.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(seed) is not null && result.GetResult(noUpload) is not null) result.AddError("--seed and --no-upload exclude each other: leave one out.");
        });

        command.SetAction((parse, _) =>
        {
            var settled = network.Settled(parse);
            var options = network.Read(parse, output.Read(parse).Verbose) with { ReadOnlyDht = !parse.GetValue(seed) };
            if (parse.GetValue(noUpload)) (options, settled) = (options with { Upload = false, Announce = AnnounceLevel.None }, [.. settled, noUpload.Name]);
            var session = new StoreSession(shell.Door(options, settled), shell.Clock);
            return new CommandRun(shell, output.Read(parse)).RunAsync(
                (report, ct) =>
                {
                    var named = LinkArgument.Read(parse.GetValue(link)!, shell.Folder);
                    var request = new GetRequest(named.Link, Path.GetFullPath(parse.GetValue(folder) is { Length: > 0 } to ? to : ".", shell.Folder))
                    {
                        Torrent = named.TorrentBytes,
                        Only = parse.GetValue(only) ?? [],
                        Quota = parse.GetValue(quota),
                        MakeRoom = parse.GetValue(makeRoom),
                        Overwrite = parse.GetValue(overwrite),
                        Seed = parse.GetValue(seed),
                        Timeout = parse.GetValue(timeout),
                        Trackers = parse.GetValue(trackers) ?? [],
                        Peers = network.Peers(parse),
                        Bootstrap = network.Bootstrap(parse),
                    };
                    return session.RunAsync((commands, tell, stop) => commands.GetAsync(request, tell, stop), report, ct);
                },
                endsByStopping: false);
        });
        return command;
    }
}
