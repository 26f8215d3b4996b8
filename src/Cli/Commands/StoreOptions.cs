using System.CommandLine;
using Shoal.Cli.Hosting;
using Shoal.Node;

namespace Shoal.Cli.Commands;

/// <summary>The options of commands that work on the store alone.</summary>
internal sealed class StoreOptions(Shell shell)
{
    private readonly Option<string> _store = new("--store") { HelpName = "DIR", Description = "The folder of the store (default: " + StoreFolder.Default(shell.Environment) + ")" };

    public void AddTo(Command command) => command.Options.Add(_store);

    public NodeOptions Read(ParseResult parse) => new()
    {
        StorePath = parse.GetValue(_store) is { Length: > 0 } store ? Path.GetFullPath(store, shell.Folder) : StoreFolder.Default(shell.Environment),
        Offline = true,
    };
}
