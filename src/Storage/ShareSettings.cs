namespace Shoal.Storage;

public sealed record ShareSettings
{
    /// <summary>What to call it; null for the name on disk.</summary>
    public string? Name { get; init; }

    /// <summary>A power of two from 16 KiB; null to choose by size.</summary>
    public int? PieceLength { get; init; }

    /// <summary>Whether the store keeps its own copy and serves that; the files are then free to change or go.</summary>
    public bool Copy { get; init; }

    public bool IsPrivate { get; init; }

    /// <summary>Whether it is a torrent of v1 as well, for clients that know no v2.</summary>
    public bool IsHybrid { get; init; }
}
