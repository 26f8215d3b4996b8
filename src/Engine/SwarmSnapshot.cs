using Shoal.Core;

namespace Shoal.Engine;

/// <summary>How a swarm stands, as of its last tick. Immutable.</summary>
public sealed record SwarmSnapshot
{
    public static SwarmSnapshot Empty { get; } = new();

    public SwarmPhase Phase { get; init; }

    /// <summary>Bytes proven and present.</summary>
    public long Have { get; init; }

    public long Length { get; init; }

    /// <summary>The same of the files that are wanted.</summary>
    public long WantedHave { get; init; }

    public long WantedLength { get; init; }

    /// <summary>Payload a second, from peers and to them.</summary>
    public double DownloadRate { get; init; }

    public double UploadRate { get; init; }

    /// <summary>Payload received and sent since the swarm began, from and to whoever.</summary>
    public long Downloaded { get; init; }

    public long Uploaded { get; init; }

    /// <summary>Payload that was of no use.</summary>
    public long Wasted { get; init; }

    /// <summary>Endpoints heard of, and being connected to.</summary>
    public int Known { get; init; }

    public int Connecting { get; init; }

    /// <summary>Connected now.</summary>
    public IReadOnlyList<PeerSnapshot> Peers { get; init; } = [];

    /// <summary>All that gave payload, connected or gone.</summary>
    public IReadOnlyList<PeerSnapshot> Givers { get; init; } = [];

    /// <summary>From the first block asked for to the last piece proven.</summary>
    public TimeSpan Transfer { get; init; }
}
