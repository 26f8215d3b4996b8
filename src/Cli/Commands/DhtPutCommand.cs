using System.CommandLine;
using System.Text;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Dht.Items;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Commands;

/// <summary>Puts a value into the DHT. What is signed is signed here: the key stays in this process, whoever does the work.</summary>
internal static class DhtPutCommand
{
    private const double DefaultTimeout = 30;

    public static Command Create(Shell shell)
    {
        var value = new Argument<string>("VALUE") { Arity = ArgumentArity.ZeroOrOne, Description = "Text, at most 996 bytes" };
        var file = new Option<string>("--file") { HelpName = "PATH", Description = "Read it from a file instead; - is standard input" };
        var bencoded = new Option<bool>("--bencoded") { Description = "It is bencoded already" };
        var key = new Option<string>("--key") { HelpName = "PATH", Description = "Sign it with the key in this file, made if missing: it can be replaced then" };
        var salt = ItemOptions.Salt("Tells values of one key apart");
        var sequence = Typed.Number("--sequence", "Its sequence number (default: one above what is found)");
        var cas = Typed.Number("--cas", "Replace the version with this sequence number and no other");
        var timeout = Typed.Seconds("--timeout", "Give up after so long without an answer (default: 30)");
        var command = new Command("put", "Put a value into the DHT (BEP 44); nodes keep it for two hours") { value, file, bencoded, key, salt, sequence, cas, timeout };
        command.Validators.Add(result =>
        {
            var isGiven = result.GetResult(value)?.Tokens.Count > 0;
            if (isGiven == result.GetResult(file) is not null) result.AddError(isGiven ? "VALUE and --file exclude each other: leave one out." : "There is nothing to put: write a VALUE, or --file PATH.");
            if (result.GetResult(key) is not null) return;
            foreach (var option in (Option[])[salt, sequence, cas])
                if (result.GetResult(option) is not null) result.AddError($"{option.Name} goes with --key: what is not signed is never replaced.");
        });

        var verb = new DhtVerb(shell, command);
        return verb.Does("Putting it", parse =>
        {
            var bytes = ItemValue.Read(parse.GetValue(value), parse.GetValue(file), parse.GetValue(bencoded), shell);
            var wish = new ItemWish(bytes)
            {
                Salt = Encoding.UTF8.GetBytes(parse.GetValue(salt) ?? ""),
                Sequence = parse.GetValue(sequence),
                Cas = parse.GetValue(cas),
                Timeout = parse.GetValue(timeout) ?? DefaultTimeout,
                Bootstrap = verb.Bootstrap(parse),
            };
            if (parse.GetValue(key) is not { } path) return wish.PutAsync;

            var signer = KeyFile.Open(path, shell.Folder, out var isNew);
            return (commands, tell, stop) =>
            {
                if (isNew) tell(new WarningEvent("key-made", $"A new key was made in {path}. Keep that file: whoever has it can replace what is put with it, and nobody else can."));
                return wish.PutAsync(signer, commands, tell, stop);
            };
        });
    }
}
