using Shoal.Core;

namespace Shoal.Engine;

/// <summary>What is known of a swarm's name when it is joined.</summary>
/// <param name="Id">The infohash, or, if it <see cref="MayBeRun"/>, what may be one.</param>
public sealed record SwarmNames(InfoHash Id)
{
    /// <summary>Of a hybrid, the name of its v1 half, if it is known.</summary>
    public Hash160? V1 { get; init; }

    /// <summary>Second keys: IDs of the file or chunk that the torrent is the canonical one of. Nodes of our own kind meet under them, in plain.</summary>
    public IReadOnlyList<Hash160> Ids { get; init; } = [];

    /// <summary>Whether nothing but the name is known, so that it may be that of a file or a chunk as well.</summary>
    public bool MayBeRun { get; init; }

    /// <summary>The length that the link says a file or chunk has (<c>xl</c>); null if it does not.</summary>
    public long? ExactLength { get; init; }

    internal SwarmKeys Keys => new(V1 is { } v1 && !Id.IsV1 ? [Id.Truncated, v1] : [Id.Truncated], Ids);
}
