namespace Shoal.Storage;

public enum PutStatus
{
    /// <summary>Proven, written and present.</summary>
    Stored,

    /// <summary>Not what the torrent says; nothing was written.</summary>
    Corrupt,

    /// <summary>Proven, but could not be written; nothing that was there is lost.</summary>
    Failed,
}

/// <param name="Error">Why it failed; null otherwise.</param>
public readonly record struct PutOutcome(PutStatus Status, StoreException? Error = null);
