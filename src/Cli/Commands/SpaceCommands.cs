using System.CommandLine;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Node.Commands;

namespace Shoal.Cli.Commands;

/// <summary><c>pin</c>, <c>unpin</c>, <c>relocate</c>, <c>gc</c> and <c>du</c>: where things lie, and what they take.</summary>
internal static class SpaceCommands
{
    public static Command Pin(Shell shell) => Pin(shell, new Command("pin", "Keep it whatever room is needed"), isPinned: true);

    public static Command Unpin(Shell shell) => Pin(shell, new Command("unpin", "Let it go when room is needed"), isPinned: false);

    public static Command Relocate(Shell shell)
    {
        var id = new Argument<string>("ID") { Description = "An ID or a link" };
        var path = new Argument<string>("PATH") { Description = "Where the file or folder is now" };
        var from = new Option<string>("--from") { HelpName = "PATH", Description = "Which copy moved, by where it was, if the store has several" };
        return StoreCommands.Create(
            shell, new Command("relocate", "Say that it was moved; it is proven there, and served on") { id, path, from },
            parse => new RelocateRequest(LinkArgument.ReadId(parse.GetValue(id)!, shell.Folder), Path.GetFullPath(parse.GetValue(path)!, shell.Folder))
            {
                From = parse.GetValue(from) is { Length: > 0 } old ? Path.GetFullPath(old, shell.Folder) : null,
            },
            static (commands, request, report, ct) => commands.RelocateAsync(request, report, ct));
    }

    public static Command Collect(Shell shell)
    {
        var keep = Typed.SizeFromZero("--keep", "How many bytes of what was downloaded or copied may stay, such as 10GB");
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would go, and let all stay" };
        var last = new Option<bool>("--last") { Description = "Also what nobody else is known to have" };
        keep.Required = true;
        return StoreCommands.Create(
            shell, new Command("gc", "Make room: what was downloaded or copied goes, the least recently used first") { keep, dryRun, last },
            parse => new CollectRequest(parse.GetValue(keep)!.Value) { DryRun = parse.GetValue(dryRun), Last = parse.GetValue(last) },
            static (commands, request, report, ct) => commands.CollectAsync(request, report, ct));
    }

    public static Command Usage(Shell shell)
    {
        var id = new Argument<string>("ID") { Arity = ArgumentArity.ZeroOrOne, Description = "An ID or a link (default: everything)" };
        return StoreCommands.Create(
            shell, new Command("du", "What each torrent takes, and all together") { id },
            parse => new UsageRequest(parse.GetValue(id) is { } text ? LinkArgument.ReadId(text, shell.Folder) : null), static (commands, request, report, ct) => commands.UsageAsync(request, report, ct));
    }

    private static Command Pin(Shell shell, Command command, bool isPinned)
    {
        var id = new Argument<string>("ID") { Description = "An ID or a link" };
        command.Arguments.Add(id);
        return StoreCommands.Create(
            shell, command, parse => new PinRequest(LinkArgument.ReadId(parse.GetValue(id)!, shell.Folder), isPinned), static (commands, request, report, ct) => commands.PinAsync(request, report, ct));
    }
}
