using Shoal.Engine;

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

    /// <summary>Bytes a second; 0 for none.</summary>
    public long DownloadLimit { get; init; }

    public long UploadLimit { get; init; }
}
