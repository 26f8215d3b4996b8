namespace Shoal.Storage;

public sealed record ShareSettings
{
    /// <summary>What to call it; null for the name on disk.</summary>
    public string? Name { get; init; }

    /// <summary>A power of two from 16 KiB; null to choose by size.</summary>
    public int? PieceLength { get; init; }

    public bool IsPrivate { get; init; }
}
