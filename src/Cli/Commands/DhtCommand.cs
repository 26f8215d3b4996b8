using System.CommandLine;
using Shoal.Cli.Hosting;
using Shoal.Node.Commands;

namespace Shoal.Cli.Commands;

/// <summary>The DHT: what it looks like, and the commands that use it directly.</summary>
internal static class DhtCommand
{
    public static Command Create(Shell shell)
    {
        var command = new Command("dht", "The DHT as this node sees it; look up, ping, put and get in it")
        {
            DhtLookupCommand.Create(shell),
            DhtPingCommand.Create(shell),
            DhtPutCommand.Create(shell),
            DhtGetCommand.Create(shell),
        };
        var verb = new DhtVerb(shell, command);
        return verb.Does("Joining the DHT", parse =>
        {
            var request = new DhtStatusRequest { Bootstrap = verb.Bootstrap(parse) };
            return (commands, tell, stop) => commands.DhtStatusAsync(request, tell, stop);
        });
    }
}
