using Shoal.Node.Commands;

namespace Shoal.Cli.Arguments;

/// <summary>What was asked cannot be done as it was written.</summary>
internal sealed class RefusedException(ExitCode exit, string code, string message) : Exception(message)
{
    public ExitCode Exit { get; } = exit;

    public string Code { get; } = code;
}
