using System.CommandLine;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Cli.Output;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Commands;

/// <summary>What a torrent or a link says by itself; asks nobody.</summary>
internal static class InspectCommand
{
    public static Command Create(Shell shell)
    {
        var link = new Argument<string>("LINK|FILE") { Description = "A magnet link, an ID, or the path of a .torrent" };
        var chunks = new Option<bool>("--chunks") { Description = "The IDs of the chunks too" };
        var output = new OutputOptions();
        var command = new Command("inspect", "What a torrent or link says, without fetching the content") { link, chunks };
        output.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var wish = output.Read(parse);
            return new CommandRun(shell, wish).RunAsync(
                (report, _) =>
                {
                    var named = LinkArgument.ReadAny(parse.GetValue(link)!, shell.Folder);
                    ShoalEvent told = named.Torrent is { } torrent ? Describe(torrent, parse.GetValue(chunks)) : Describe(named);
                    if (told is MetadataEvent metadata && !wish.Json) new Pages(shell.Screen.Console).Inspected(metadata);
                    else report(told);
                    return Task.FromResult(ExitCode.Done);
                },
                endsByStopping: false);
        });
        return command;
    }

    internal static MetadataEvent Describe(MetainfoFile torrent, bool chunks)
    {
        var info = torrent.Info;
        FileItem[] files = [.. info.Files.Select((file, at) => new FileItem(file.DisplayPath, file.Length, file.Length > 0 ? file.Id.ToString() : null, null)
        {
            Chunks = chunks ? Chunks(torrent, new FileIndex(at)) : null,
        })];
        var id = info.InfoHash.ToString();
        return new MetadataEvent("torrent", id, id, info.InfoHashV1?.ToString(), info.Name, info.Length, info.Geometry.PieceLength, files);
    }

    private static LinkEvent Describe(LinkArgument named)
    {
        var magnet = named.Magnet ?? new MagnetLink();
        return new LinkEvent(named.Link, named.Id, magnet.InfoHashV1?.ToString(), magnet.Name, magnet.Peers, magnet.Trackers, magnet.WebSeeds);
    }

    private static string[] Chunks(MetainfoFile torrent, FileIndex file)
    {
        if (!torrent.Layers.IsKnown(file)) return [];

        var geometry = torrent.Info.Geometry;
        return [.. Enumerable.Range(geometry.FirstPiece(file), geometry.PieceCountOf(file)).Select(piece => torrent.Layers[new PieceIndex(piece)].ToString())];
    }
}
