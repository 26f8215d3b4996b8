namespace Shoal.Node.Commands;

/// <summary>How a command ends, as scripts see it.</summary>
public enum ExitCode
{
    Done = 0,

    /// <summary>It failed, or stalled after something was received.</summary>
    Failed = 1,

    /// <summary>An option, a link or a file that cannot be read as one.</summary>
    Usage = 2,

    /// <summary>Nothing was ever received.</summary>
    NobodyHasIt = 3,

    /// <summary>What is stored does not verify.</summary>
    Corrupt = 4,

    /// <summary>Ctrl+C.</summary>
    Interrupted = 130,

    /// <summary>SIGTERM.</summary>
    Terminated = 143,
}
