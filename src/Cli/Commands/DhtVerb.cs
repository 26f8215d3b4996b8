using System.CommandLine;
using Shoal.Cli.Hosting;
using Shoal.Cli.Output;
using Shoal.Node;
using Shoal.Node.Commands;

namespace Shoal.Cli.Commands;

/// <summary>What the commands of the DHT have in common: they act through whoever holds the store, or else through a node of their own that asks and does not answer.</summary>
internal sealed class DhtVerb
{
    private readonly Shell _shell;
    private readonly OutputOptions _output = new();
    private readonly NetworkOptions _network;
    private readonly Command _command;

    public DhtVerb(Shell shell, Command command)
    {
        (_shell, _command, _network) = (shell, command, new NetworkOptions(shell));
        _network.AddTo(command, usesPeers: false);
        _output.AddTo(command);
    }

    public IReadOnlyList<string> Bootstrap(ParseResult parse) => _network.Bootstrap(parse);

    public OutputWish Wish(ParseResult parse) => _output.Read(parse);

    /// <param name="doing">What a person sees while it runs.</param>
    /// <param name="read">Makes of what was typed what to do, or throws <see cref="Arguments.RefusedException"/>.</param>
    public Command Does(string doing, Func<ParseResult, StoreVerb> read)
    {
        _command.SetAction((parse, _) =>
        {
            var wish = _output.Read(parse);
            var options = _network.Read(parse, wish.Verbose) with { ReadOnlyDht = true, Upload = false, Announce = AnnounceLevel.None };
            var session = new StoreSession(_shell.Door(options, _network.Settled(parse)), _shell.Clock);
            IView view = wish.Json ? new JsonView(_shell.Screen) : new HumanView(_shell.Screen, wish.Quiet, wish.Verbose, _shell.Clock) { Doing = doing };
            return new CommandRun(_shell, wish).RunAsync(view, (report, ct) => session.RunAsync(read(parse), report, ct), endsByStopping: false);
        });
        return _command;
    }
}
