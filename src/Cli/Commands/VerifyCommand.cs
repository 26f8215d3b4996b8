using System.CommandLine;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Node.Commands;

namespace Shoal.Cli.Commands;

/// <summary><c>verify</c> needs the store alone, and the network to repair.</summary>
internal static class VerifyCommand
{
    private const double DefaultTimeout = 60;

    public static Command Create(Shell shell)
    {
        var id = new Argument<string>("ID") { Arity = ArgumentArity.ZeroOrOne, Description = "An ID or a link (default: everything)" };
        var repair = new Option<bool>("--repair") { Description = "Fetch what is bad, of what was downloaded or copied into the store" };
        var shared = new Option<bool>("--shared") { Description = "With --repair: put back your own shared files too, as they were shared" };
        var timeout = Typed.Seconds("--timeout", "With --repair: give up after so long without any progress (default: 60)");
        var network = new NetworkOptions(shell);
        var output = new OutputOptions();
        var command = new Command("verify", "Prove again what the store holds") { id, repair, shared, timeout };
        network.AddTo(command);
        output.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(repair) is { Implicit: false }) return;

            var early = command.Options.Where(o => o == shared || o == timeout || network.IsOfNetwork(o)).FirstOrDefault(o => result.GetResult(o) is { Implicit: false });
            if (early is not null) result.AddError($"{early.Name} goes with --repair: nobody is asked without it.");
        });
        command.SetAction((parse, _) =>
        {
            var repairs = parse.GetValue(repair);
            var options = network.Read(parse, output.Read(parse).Verbose) with { Offline = !repairs, ReadOnlyDht = true };
            var session = new StoreSession(shell.Door(options, network.Settled(parse)), shell.Clock, needsNetwork: repairs);
            return new CommandRun(shell, output.Read(parse)).RunAsync(
                (report, ct) =>
                {
                    var request = new VerifyRequest(parse.GetValue(id) is { } text ? LinkArgument.ReadId(text, shell.Folder) : null)
                    {
                        Repair = repairs,
                        Shared = parse.GetValue(shared),
                        Timeout = repairs ? parse.GetValue(timeout) ?? DefaultTimeout : null,
                        Peers = network.Peers(parse),
                        Bootstrap = network.Bootstrap(parse),
                    };
                    return session.RunAsync((commands, tell, stop) => commands.VerifyAsync(request, tell, stop), report, ct);
                },
                endsByStopping: false);
        });
        return command;
    }
}
