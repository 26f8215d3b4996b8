using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Output;

/// <summary>What is said on standard error.</summary>
internal static class Sentences
{
    public const string Stopped = "Stopped. What was fetched is kept: the same command goes on from there.";

    public static string Error(ErrorEvent e) => $"shoal: {Safe.Text(e.Message)}\n";

    public static string Warning(WarningEvent e) => $"shoal: warning: {Safe.Text(e.Message)}\n";

    /// <summary>For a command that failed without saying why.</summary>
    public static ErrorEvent Unsaid(ExitCode code) => code switch
    {
        ExitCode.Usage => new ErrorEvent("usage", "This was not understood. Type 'shoal --help' for what is."),
        ExitCode.NobodyHasIt => new ErrorEvent("not-found", "Nobody has it, or nobody who has it could be reached. Is anybody serving it, and does --bootstrap or --peer name a node of their network?"),
        ExitCode.Corrupt => new ErrorEvent("corrupt", "Some of what is stored does not verify. Fetch it again with 'shoal get', or 'shoal share' it again."),
        _ => new ErrorEvent("failed", "It failed, and no reason was given. Try again with --verbose."),
    };
}
