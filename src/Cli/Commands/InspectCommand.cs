using System.CommandLine;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Cli.Output;
using Shoal.Core.Metainfo;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;
using Shoal.Node.Torrents;

namespace Shoal.Cli.Commands;

/// <summary>What a torrent or a link says. A <c>.torrent</c> says it by itself; what a link names is asked of the peers that have it.</summary>
internal static class InspectCommand
{
    private const double DefaultTimeout = 30;

    public static Command Create(Shell shell)
    {
        var link = new Argument<string>("LINK|FILE") { Description = "A magnet link, an ID, or the path of a .torrent" };
        var chunks = new Option<bool>("--chunks") { Description = "The IDs of the chunks too" };
        var timeout = Typed.Seconds("--timeout", "Give up after so long without an answer (default: 30)");
        var trackers = Typed.Trackers("A tracker to ask, beside those that the link names; repeatable");
        var network = new NetworkOptions(shell);
        var output = new OutputOptions();
        var command = new Command("inspect", "What a torrent or link says, without fetching the content") { link, chunks, timeout, trackers };
        network.AddTo(command);
        output.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var wish = output.Read(parse);
            var options = network.Read(parse, wish.Verbose) with { ReadOnlyDht = true, Upload = false, Announce = AnnounceLevel.None };
            var session = new StoreSession(shell.Door(options, network.Settled(parse)), shell.Clock);
            return new CommandRun(shell, wish).RunAsync(
                (report, ct) =>
                {
                    void Tell(ShoalEvent e)
                    {
                        if (e is MetadataEvent metadata && !wish.Json) new Pages(shell.Screen.Console).Inspected(metadata);
                        else report(e);
                    }

                    var named = LinkArgument.Read(parse.GetValue(link)!, shell.Folder);
                    Tell(named.Torrent is { } torrent ? TorrentNames.Describe(torrent.Info, parse.GetValue(chunks) ? torrent.Layers : null) : Describe(named));
                    if (named.Torrent is not null) return Task.FromResult(ExitCode.Done);

                    var request = new InspectRequest(named.Link)
                    {
                        Chunks = parse.GetValue(chunks),
                        Timeout = parse.GetValue(timeout) ?? DefaultTimeout,
                        Trackers = parse.GetValue(trackers) ?? [],
                        Peers = network.Peers(parse),
                        Bootstrap = network.Bootstrap(parse),
                    };
                    return session.RunAsync((commands, tell, stop) => commands.InspectAsync(request, tell, stop), Tell, ct);
                },
                endsByStopping: false);
        });
        return command;
    }

    private static LinkEvent Describe(LinkArgument named)
    {
        var magnet = named.Magnet ?? new MagnetLink();
        return new LinkEvent(named.Link, named.Magnet is null ? named.Id : magnet.InfoHash?.ToString(), magnet.InfoHashV1?.ToString(), magnet.Name, magnet.Peers, magnet.Trackers, magnet.WebSeeds);
    }
}
