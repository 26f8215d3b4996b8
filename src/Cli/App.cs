using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Shoal.Cli.Commands;
using Shoal.Cli.Demo;
using Shoal.Cli.Hosting;
using Shoal.Cli.Output;
using Shoal.Http.Control;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli;

/// <summary>
/// The command line: reads what was typed, refuses what it does not know (nothing is ever ignored), and runs the command to its exit code. All that
/// commands do, they do through <see cref="IShoalCommands"/>; here is parsing and presentation only.
/// </summary>
internal sealed class App(Shell shell)
{
    public const string Version = "0.1.0";

    public async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        var root = Tree();
        var parse = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Action is not HelpAction && Problem(parse, args) is { } problem) return Refuse(problem, parse, args);

        return await parse.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // signals are ours
            Output = shell.Screen.Out,
            Error = shell.Screen.Error,
        });
    }

    private RootCommand Tree()
    {
        var root = new RootCommand("Shoal shares files without a server: more downloaders make it faster.")
        {
            ShareCommand.Create(shell),
            GetCommand.Create(shell),
            NodeCommand.Create(shell),
            StoreCommands.List(shell),
            FindCommand.Create(shell),
            StoreCommands.Status(shell),
            StoreCommands.Why(shell),
            StoreCommands.Limit(shell),
            VerifyCommand.Create(shell),
            StoreCommands.Remove(shell),
            SpaceCommands.Relocate(shell),
            SpaceCommands.Pin(shell),
            SpaceCommands.Unpin(shell),
            SpaceCommands.Collect(shell),
            SpaceCommands.Usage(shell),
            InspectCommand.Create(shell),
            DhtCommand.Create(shell),
            DemoCommand.Create(shell),
        };
        root.Directives.Clear();
        foreach (var option in root.Options.OfType<VersionOption>()) option.Action = new Print(() => shell.Screen.Out.WriteLine("shoal " + Version));
        root.SetAction(_ => Overview.Show(shell.Screen));
        return root;
    }

    /// <summary>What is wrong with what was typed; null for nothing. Options unknown to the parser would pass as a PATH.</summary>
    private static string? Problem(ParseResult parse, IReadOnlyList<string> args)
    {
        var command = parse.CommandResult.Command;
        HashSet<string> known = [.. command.Options.SelectMany(option => option.Aliases.Append(option.Name)), .. command.Parents.OfType<Command>().SelectMany(p => p.Options).Where(o => o.Recursive).SelectMany(option => option.Aliases.Append(option.Name))];
        foreach (var arg in args.TakeWhile(arg => arg != "--").Where(arg => arg.Length > 1 && arg[0] == '-'))
        {
            var name = arg.Split('=', ':')[0];
            var isKnown = known.Contains(name) || (arg[1] != '-' && known.Contains(arg[..2]));
            if (!isKnown) return $"There is no option '{Safe.Text(name)}' for '{Path(command)}'.";
        }

        if (parse.CommandResult.Parent is CommandResult { Command: not RootCommand } above && above.Children.OfType<OptionResult>().FirstOrDefault(o => !o.Implicit) is { } early)
            return $"'{early.Option.Name}' stands before '{command.Name}': options go after it.";
        if (parse.UnmatchedTokens is [var first, ..])
            return command.Subcommands.Count > 0 ? $"There is no command '{$"{Path(command)} {Safe.Text(first)}"[6..]}'." : $"'{Safe.Text(first)}' is one argument too many for '{Path(command)}'.";
        return parse.Errors is [var error, ..] ? error.Message : null;
    }

    private int Refuse(string problem, ParseResult parse, IReadOnlyList<string> args)
    {
        var message = $"{problem} Type '{Path(parse.CommandResult.Command)} --help' for what there is.";
        var error = new ErrorEvent("usage", message);
        if (args.TakeWhile(arg => arg != "--").Contains("--json")) shell.Screen.Out.Write(EventLine.Write(error) + "\n");
        shell.Screen.Error.Write(Sentences.Error(error));
        return (int)ExitCode.Usage;
    }

    private static string Path(Command command) => command.Parents.OfType<Command>().FirstOrDefault() is { } above ? $"{Path(above)} {command.Name}" : "shoal";

    private sealed class Print(Action print) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            print();
            return 0;
        }
    }
}
