namespace Shoal.Http.Control;

/// <summary>The holder of a store could not be asked to the end.</summary>
public sealed class ControlException(ControlFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public ControlFailure Failure { get; } = failure;
}

public enum ControlFailure
{
    /// <summary>Nobody answers, or the connection ended before the command did.</summary>
    Gone,

    /// <summary>It does something that does not go with the command, and the store is free when it ends.</summary>
    Busy,
}
