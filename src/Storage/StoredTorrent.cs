using Shoal.Core;

namespace Shoal.Storage;

/// <summary>A torrent of which the store has a copy, whole or in part, as it was when asked. Immutable.</summary>
public sealed record StoredTorrent
{
    public required InfoHash Id { get; init; }

    /// <summary>The name of its v1 half, or of all of it; null in v2.</summary>
    public Hash160? IdV1 { get; init; }

    public required string Name { get; init; }

    /// <summary>Bytes of content.</summary>
    public required long Length { get; init; }

    /// <summary>Bytes of it that are proven and in place.</summary>
    public required long Have { get; init; }

    /// <summary>Whether every byte is there and stands at its final name.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Whether the files are the user's own, shared from where they lie; else they were downloaded.</summary>
    public required bool IsShared { get; init; }

    public required bool IsPrivate { get; init; }

    /// <summary>Absolute: the file, or the folder. Where it will stand, if it is not complete.</summary>
    public required string Path { get; init; }

    public required DateTimeOffset Added { get; init; }

    internal long CopyId { get; init; }
}
