namespace Shoal.Node;

/// <summary>Something a person can act on: the message says what happened, to what, and what to do.</summary>
/// <param name="code">A short word for programs, as in the <c>error</c> event.</param>
public sealed class ShoalException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;
}
