namespace Shoal.Core.Metainfo;

/// <summary>One file of a torrent.</summary>
public sealed record TorrentFile
{
    /// <summary>Path elements from the torrent's folder down, safe to join to a folder; a single file has one, its name.</summary>
    public required IReadOnlyList<string> Path { get; init; }

    /// <summary>Bytes; a symbolic link has none.</summary>
    public required long Length { get; init; }

    /// <summary>Root of the file's Merkle tree; zero if the file is empty.</summary>
    public FileId Id { get; init; }

    /// <summary>Whether it is to be executable (BEP 47, attribute <c>x</c>).</summary>
    public bool IsExecutable { get; init; }

    /// <summary>Where a symbolic link points, from the torrent's folder down (BEP 47, attribute <c>l</c>); null for a file.</summary>
    public IReadOnlyList<string>? LinkTarget { get; init; }

    /// <summary>The elements joined by <c>/</c>.</summary>
    public string DisplayPath => string.Join('/', Path);
}
