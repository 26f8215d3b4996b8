using Shoal.Core;
using Shoal.Engine.Encryption;

namespace Shoal.Engine;

/// <summary>What all swarms of a process share.</summary>
public sealed record EngineOptions
{
    /// <summary>Our name in handshakes.</summary>
    public required PeerId PeerId { get; init; }

    /// <summary>With less there is no room for a few runs of 256 KiB at once.</summary>
    public const long LeastMemory = 4 * 1024 * 1024;

    /// <summary>Bytes for buffers, <see cref="LeastMemory"/> or more; open pieces stay within half of it.</summary>
    public long Memory { get; init; } = 64 * 1024 * 1024;

    /// <summary>What we call ourselves to peers (BEP 10).</summary>
    public string Client { get; init; } = "Shoal";

    /// <summary>The TCP port we listen on, as told to peers; 0 for none.</summary>
    public int ListenPort { get; init; }

    /// <summary>The UDP port of our DHT, as told to peers; 0 for none.</summary>
    public int DhtPort { get; init; }

    /// <summary>Whether we have a DHT node at all, and so want to hear where peers have theirs: a read-only one has no port to tell, but listens (BEP 5, BEP 43).</summary>
    public bool HasDht { get; init; }

    /// <summary>Whether streams to peers are encrypted.</summary>
    public EncryptionMode Encryption { get; init; }

    /// <summary>Whether rate limits count peers at loopback, link-local and private addresses too (<see cref="Core.NetEndPoint.IsLocal"/>).</summary>
    public bool LimitLocalPeers { get; init; } = true;

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections that have not said which swarm they want.</summary>
    public int MaxHalfOpen { get; init; } = 200;

    /// <summary>Of one swarm's core.</summary>
    public SwarmOptions Swarm { get; init; } = new();
}
