namespace Shoal.Storage;

/// <summary>The store cannot do what it was asked. The message names the path and says what to do.</summary>
public sealed class StoreException(StoreErrorCode code, string message, string? path = null, Exception? inner = null) : Exception(message, inner)
{
    public StoreErrorCode Code { get; } = code;

    public string? Path { get; } = path;
}
