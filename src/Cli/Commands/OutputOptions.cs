using System.CommandLine;
using Shoal.Cli.Hosting;

namespace Shoal.Cli.Commands;

/// <summary>The options that every command takes.</summary>
internal sealed class OutputOptions
{
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object per line on standard output, for programs" };
    private readonly Option<bool> _quiet = new("--quiet") { Description = "Print the result and nothing else" };
    private readonly Option<bool> _verbose = new("--verbose") { Description = "Print more, and where something unexpected went wrong" };

    public void AddTo(Command command)
    {
        command.Options.Add(_json);
        command.Options.Add(_quiet);
        command.Options.Add(_verbose);
    }

    public OutputWish Read(ParseResult parse) => new(parse.GetValue(_json), parse.GetValue(_quiet), parse.GetValue(_verbose));
}
