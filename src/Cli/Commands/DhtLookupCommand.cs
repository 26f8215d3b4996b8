using System.CommandLine;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Core;
using Shoal.Node.Commands;

namespace Shoal.Cli.Commands;

internal static class DhtLookupCommand
{
    private const double DefaultTimeout = 30;

    public static Command Create(Shell shell)
    {
        var id = new Argument<string>("ID") { Description = "A key of 40 hex digits, an ID of 64, a link, or the path of a .torrent" };
        var timeout = Typed.Seconds("--timeout", "Give up after so long without an answer (default: 30)");
        var command = new Command("lookup", "Who is closest to a key, and which peers are announced under it") { id, timeout };
        var verb = new DhtVerb(shell, command);
        return verb.Does("Looking it up", parse =>
        {
            var request = new DhtLookupRequest(Key(parse.GetValue(id)!, shell.Folder).ToString())
            {
                Timeout = parse.GetValue(timeout) ?? DefaultTimeout,
                Bootstrap = verb.Bootstrap(parse),
            };
            return (commands, tell, stop) => commands.DhtLookupAsync(request, tell, stop);
        });
    }

    /// <summary>The point in the DHT where it is announced (BEP 5, BEP 52).</summary>
    private static Hash160 Key(string text, string folder)
    {
        return InfoHash.TryParse(LinkArgument.ReadId(text, folder), out var id) ? id.Truncated : throw new InvalidOperationException("an ID is 40 or 64 digits");
    }
}
