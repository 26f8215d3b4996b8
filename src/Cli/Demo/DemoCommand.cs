using System.CommandLine;
using Shoal.Cli.Commands;
using Shoal.Cli.Hosting;

namespace Shoal.Cli.Demo;

internal static class DemoCommand
{
    private const string Description = """
        A whole swarm on this machine: watch it work in half a minute.

        With --json each line is {"event":"demo","step":S,...}, where S is swarm, fetch, loss, verify, one, three or result; "message" is a sentence,
        "inside" an event of the node at "node", and "result" the comparison: {"bytes":N,"limit":N,"oneSeconds":X,"threeSeconds":Y,"factor":Z}.
        """;

    public static Command Create(Shell shell)
    {
        var path = new Argument<string>("PATH") { Arity = ArgumentArity.ZeroOrOne, Description = "A file or folder to use (default: the .NET runtime's own)" };
        var output = new OutputOptions();
        var command = new Command("demo", Description) { path };
        output.AddTo(command);
        command.SetAction((parse, _) =>
        {
            var wish = output.Read(parse);
            IDemoView view = wish.Json ? new DemoJsonView(shell.Screen) : new DemoHumanView(shell.Screen, shell.Clock);
            return new CommandRun(shell, wish).RunAsync(
                view,
                async (_, ct) =>
                {
                    var temp = Directory.CreateTempSubdirectory("shoal-demo-").FullName;
                    try
                    {
                        var content = DemoContent.Choose(parse.GetValue(path) is { } named ? Path.GetFullPath(named, shell.Folder) : null, shell.Environment, temp);
                        return await new DemoRun(content, temp, view.Show, shell.Clock).RunAsync(ct);
                    }
                    finally
                    {
                        Directory.Delete(temp, recursive: true);
                    }
                },
                endsByStopping: false);
        });
        return command;
    }
}
