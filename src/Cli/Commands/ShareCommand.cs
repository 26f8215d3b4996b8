using System.CommandLine;
using System.Numerics;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Core.Geometry;
using Shoal.Node.Commands;

namespace Shoal.Cli.Commands;

internal static class ShareCommand
{
    public static Command Create(Shell shell)
    {
        var paths = new Argument<string[]>("PATH") { Arity = ArgumentArity.OneOrMore, Description = "Files or folders" };
        var name = new Option<string>("--name") { HelpName = "NAME", Description = "What to call it (default: the name of the file or folder)" };
        var pieceLength = Typed.Size("--piece-length", "Bytes, a power of two from 16KiB to 512MiB (default: by size, from 256KiB)");
        var isPrivate = new Option<bool>("--private") { Description = "Announce it at its trackers and nowhere else; without one only who is told the address finds it" };
        var copy = new Option<bool>("--copy") { Description = "Keep a copy in the store and serve that, so that the files may change or go" };
        var isHybrid = new Option<bool>("--hybrid") { Description = "Make it a torrent of v1 as well, for clients that know no v2" };
        var torrent = new Option<string>("--write-torrent") { HelpName = "PATH", Description = "Write a .torrent there as well" };
        var webSeeds = Typed.WebSeeds("--web-seed", "A web server that has it too, for the link and the .torrent; one ending in / is the folder it lies in; repeatable");
        var trackers = Typed.Trackers("A tracker to announce it to, in the link and the .torrent too; repeatable");
        var network = new NetworkOptions(shell);
        var output = new OutputOptions();
        var command = new Command("share", "Make a torrent of each file or folder, print its link, serve it until Ctrl+C") { paths, name, pieceLength, isHybrid, isPrivate, copy, torrent, trackers, webSeeds };
        network.AddTo(command);
        output.AddTo(command);

        pieceLength.Validators.Add(result =>
        {
            if (result.Tokens.Count == 0 || !Quantity.TryReadSize(result.Tokens[0].Value, out var length)) return;
            if (length is < TorrentGeometry.MinPieceLength or > TorrentGeometry.MaxPieceLength || !BitOperations.IsPow2(length)) result.AddError("--piece-length: write a power of two from 16KiB to 512MiB, such as 1MiB.");
        });
        command.Validators.Add(result =>
        {
            var several = result.GetResult(paths)?.Tokens.Count > 1;
            if (several && result.GetResult(name) is not null) result.AddError("--name goes with one PATH: share them one by one.");
            if (several && result.GetResult(webSeeds)?.Tokens.Any(t => !t.Value.EndsWith('/')) == true) result.AddError("--web-seed: for several PATHs give the folder they lie in, a URL that ends in /.");
            if (several && result.GetResult(torrent) is not null) result.AddError("--write-torrent goes with one PATH: share them one by one.");
            if (result.GetResult(name) is { Tokens: [{ Value: var text }] } && (text.Length == 0 || text is "." or ".." || text.AsSpan().ContainsAny('/', '\\', '\0'))) result.AddError("--name: write a name, without a path separator.");
        });

        command.SetAction((parse, _) =>
        {
            ShareRequest[] requests = [.. parse.GetValue(paths)!.Select(path => new ShareRequest(Path.GetFullPath(path, shell.Folder))
            {
                Name = parse.GetValue(name),
                PieceLength = (int?)parse.GetValue(pieceLength),
                Hybrid = parse.GetValue(isHybrid),
                Copy = parse.GetValue(copy),
                Private = parse.GetValue(isPrivate),
                WriteTorrent = parse.GetValue(torrent) is { } to ? Path.GetFullPath(to, shell.Folder) : null,
                WebSeeds = parse.GetValue(webSeeds) ?? [],
                Trackers = parse.GetValue(trackers) ?? [],
                Peers = network.Peers(parse),
                Bootstrap = network.Bootstrap(parse),
            })];
            var session = new StoreSession(shell.Door(network.Read(parse, output.Read(parse).Verbose), network.Settled(parse)), shell.Clock);
            return new CommandRun(shell, output.Read(parse)).RunAsync((report, ct) => session.RunAsync((commands, tell, stop) => commands.ShareAsync(requests, tell, stop), report, ct), endsByStopping: true);
        });
        return command;
    }
}
