using Shoal.Engine;
using Shoal.Engine.Limits;

namespace Shoal.Node.Standing;

/// <summary>What is known when somebody asks how a torrent stands.</summary>
/// <param name="Swarm">Null if no command and no node has it in hand.</param>
internal sealed record Situation(SwarmSnapshot? Swarm)
{
    /// <summary>Whether the store has all of it; counts while there is no swarm.</summary>
    public bool IsStoredWhole { get; init; }

    public bool IsPrivate { get; init; }

    /// <summary>Trackers that are asked for peers.</summary>
    public int Trackers { get; init; }

    /// <summary>Nodes that our DHT knows.</summary>
    public int Contacts { get; init; }

    /// <summary>Whether peers can connect to us.</summary>
    public bool Listens { get; init; }

    /// <summary>Of all torrents together.</summary>
    public TransferRates Limits { get; init; }

    /// <summary>Of this torrent alone.</summary>
    public TransferRates OwnLimits { get; init; }

    /// <summary>Bytes a second that all torrents receive together.</summary>
    public double DownloadRate { get; init; }
}
