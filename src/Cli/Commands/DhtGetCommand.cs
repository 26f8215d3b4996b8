using System.CommandLine;
using System.Text;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Cli.Output;
using Shoal.Core;
using Shoal.Dht.Items;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Commands;

internal static class DhtGetCommand
{
    private const double DefaultTimeout = 30;

    public static Command Create(Shell shell)
    {
        var target = new Argument<string>("TARGET") { Description = "A target of 40 hex digits, or a publisher's key of 64" };
        var salt = ItemOptions.Salt("The salt it was put with");
        var file = new Option<string>("--output", "-o") { HelpName = "PATH", Description = "Write the value to a file" };
        var timeout = Typed.Seconds("--timeout", "Give up after so long without finding it (default: 30)");
        var command = new Command("get", "Read a value that somebody has put into the DHT (BEP 44)") { target, salt, file, timeout };
        var verb = new DhtVerb(shell, command);
        return verb.Does("Looking for it", parse =>
        {
            var salted = Encoding.UTF8.GetBytes(parse.GetValue(salt) ?? "");
            var request = new DhtGetRequest(Target(parse.GetValue(target)!, salted).ToString())
            {
                Salt = salted.Length > 0 ? salted : null,
                Timeout = parse.GetValue(timeout) ?? DefaultTimeout,
                Bootstrap = verb.Bootstrap(parse),
            };
            if (parse.GetValue(file) is not { Length: > 0 } to) return (commands, tell, stop) => commands.DhtGetAsync(request, tell, stop);

            return (commands, tell, stop) => commands.DhtGetAsync(request, e => Write(e, to, tell), stop);

            void Write(ShoalEvent e, string path, Action<ShoalEvent> tell)
            {
                if (e is ValueEvent value) Save(ItemValue.Content(value), path, Path.GetFullPath(path, shell.Folder));
                if (e is not ValueEvent found || verb.Wish(parse).Json) tell(e);
                else if (!verb.Wish(parse).Quiet) new DhtPages(shell.Screen.Console).Saved(found, path);
            }
        });
    }

    private static Hash160 Target(string text, ReadOnlySpan<byte> salt)
    {
        if (Hash160.TryParse(text, out var target)) return target;
        if (Hash256.TryParse(text, out var key)) return DhtItem.TargetOf(key.ToArray(), salt);

        throw new RefusedException(ExitCode.Usage, "malformed-target", $"'{text}' is no target, which is 40 hex digits, and no public key, which is 64.");
    }

    private static void Save(ReadOnlySpan<byte> content, string shown, string path)
    {
        try
        {
            File.WriteAllBytes(path, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ShoalException("unwritable", $"The value cannot be written to {shown}: {e.Message} Check that its folder exists and may be written.", e);
        }
    }
}
