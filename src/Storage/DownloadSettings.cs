namespace Shoal.Storage;

public sealed record DownloadSettings
{
    /// <summary>Whether other content that stands at the target is replaced, once what replaces it is whole.</summary>
    public bool Overwrite { get; init; }
}
