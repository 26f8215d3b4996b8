using System.CommandLine;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Node.Commands;

namespace Shoal.Cli.Commands;

/// <summary><c>list</c>, <c>status</c>, <c>why</c>, <c>limit</c> and <c>remove</c>: what needs the store, or whoever holds it, and no network of its own.</summary>
internal static class StoreCommands
{
    public static Command List(Shell shell)
    {
        var files = new Option<bool>("--files") { Description = "The files of each torrent too, with their IDs" };
        var chunks = new Option<bool>("--chunks") { Description = "The chunks too, with their IDs" };
        return Create(
            shell, new Command("list", "What the store holds") { files, chunks },
            parse => new ListRequest(parse.GetValue(files), parse.GetValue(chunks)), static (commands, request, report, ct) => commands.ListAsync(request, report, ct));
    }

    public static Command Status(Shell shell)
    {
        var id = new Argument<string>("ID") { Arity = ArgumentArity.ZeroOrOne, Description = "An ID or a link (default: everything)" };
        return Create(
            shell, new Command("status", "How each torrent stands: pieces, peers, rates") { id },
            parse => new StatusRequest(parse.GetValue(id) is { } text ? LinkArgument.ReadId(text, shell.Folder) : null), static (commands, request, report, ct) => commands.StatusAsync(request, report, ct));
    }

    public static Command Why(Shell shell)
    {
        var id = new Argument<string>("ID") { Description = "An ID or a link" };
        return Create(
            shell, new Command("why", "Why a download does not go") { id },
            parse => new WhyRequest(LinkArgument.ReadId(parse.GetValue(id)!, shell.Folder)), static (commands, request, report, ct) => commands.WhyAsync(request, report, ct));
    }

    public static Command Limit(Shell shell)
    {
        var id = new Argument<string>("ID") { Arity = ArgumentArity.ZeroOrOne, Description = "An ID or a link (default: everything together)" };
        var download = Typed.Rate("--download-limit", "Bytes a second from now on, such as 5MB; 0 for no limit");
        var upload = Typed.Rate("--upload-limit", "Bytes a second from now on, such as 5MB; 0 for no limit");
        return Create(
            shell, new Command("limit", "Change the rate limits of what runs on the store, or show them") { id, download, upload },
            parse => new LimitRequest(parse.GetValue(id) is { } text ? LinkArgument.ReadId(text, shell.Folder) : null, parse.GetValue(download), parse.GetValue(upload)),
            static (commands, request, report, ct) => commands.LimitAsync(request, report, ct));
    }

    public static Command Remove(Shell shell)
    {
        var id = new Argument<string>("ID") { Description = "An ID or a link" };
        var delete = new Option<bool>("--delete-files") { Description = "Delete what was downloaded as well; what was shared stays" };
        return Create(
            shell, new Command("remove", "Forget it") { id, delete },
            parse => new RemoveRequest(LinkArgument.ReadId(parse.GetValue(id)!, shell.Folder), parse.GetValue(delete)), static (commands, request, report, ct) => commands.RemoveAsync(request, report, ct));
    }

    public static Command Create<TRequest>(
        Shell shell, Command command, Func<ParseResult, TRequest> read, Func<IShoalCommands, TRequest, Action<Node.Events.ShoalEvent>, CancellationToken, Task<ExitCode>> run)
    {
        var store = new StoreOptions(shell);
        var output = new OutputOptions();
        store.AddTo(command);
        output.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var session = new StoreSession(shell.Door(store.Read(parse), []), shell.Clock, needsNetwork: false);
            return new CommandRun(shell, output.Read(parse)).RunAsync(
                (report, ct) =>
                {
                    var request = read(parse);
                    return session.RunAsync((commands, tell, stop) => run(commands, request, tell, stop), report, ct);
                },
                endsByStopping: false);
        });
        return command;
    }
}
