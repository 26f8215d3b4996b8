using System.CommandLine;
using Shoal.Cli.Arguments;
using Shoal.Cli.Hosting;
using Shoal.Node.Commands;

namespace Shoal.Cli.Commands;

internal static class DhtPingCommand
{
    private const double DefaultTimeout = 5;

    public static Command Create(Shell shell)
    {
        var address = new Argument<string>("HOST:PORT") { Description = "Where its DHT listens (UDP)" };
        var timeout = Typed.Seconds("--timeout", "Give up after so long without an answer (default: 5)");
        var command = new Command("ping", "Whether a node answers, and what it says of itself") { address, timeout };
        command.Validators.Add(result =>
        {
            if (result.GetResult(address) is { Tokens: [{ Value: var text }] } && !HostPort.IsValid(text)) result.AddError($"'{text}' is no HOST:PORT: write it like 10.0.0.5:8468, [fe80::1]:8468 or node.example:8468.");
        });
        return new DhtVerb(shell, command).Does("Asking", parse =>
        {
            var request = new DhtPingRequest(parse.GetValue(address)!) { Timeout = parse.GetValue(timeout) ?? DefaultTimeout };
            return (commands, tell, stop) => commands.DhtPingAsync(request, tell, stop);
        });
    }
}
