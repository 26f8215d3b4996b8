namespace Shoal.Engine;

/// <summary>How often things happened in a swarm since it began. A copy of it is a snapshot.</summary>
public record struct SwarmCounts
{
    /// <summary>Connections that came to us, and that we made.</summary>
    public int Incoming { get; set; }

    public int Outgoing { get; set; }

    /// <summary>Endpoints that could not be connected to, each time.</summary>
    public int Failed { get; set; }

    /// <summary>Pieces that did not verify.</summary>
    public int Corrupt { get; set; }

    /// <summary>Peers that were proven to send what is wrong.</summary>
    public int Banned { get; set; }

    /// <summary>Pieces that the disk did not take.</summary>
    public int DiskFailures { get; set; }
}
