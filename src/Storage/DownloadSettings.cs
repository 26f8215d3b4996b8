using Shoal.Core.Geometry;

namespace Shoal.Storage;

public sealed record DownloadSettings
{
    /// <summary>Whether other content that stands at the target is replaced, once what replaces it is whole.</summary>
    public bool Overwrite { get; init; }

    /// <summary>What the file, or the folder, is called; null for what the torrent says.</summary>
    public string? Name { get; init; }

    /// <summary>The files wanted; null for all. Others stay as they are: not proven, not replaced, not made.</summary>
    public Selection? Only { get; init; }
}
