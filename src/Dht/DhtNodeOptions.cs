namespace Shoal.Dht;

/// <summary>Bounds of the core, and what it may do.</summary>
internal sealed record DhtNodeOptions
{
    /// <summary>Asks but does not answer, and says so (BEP 43).</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Keys under which others may announce to us; about 200 bytes each.</summary>
    public int MaxStoredKeys { get; init; } = 100_000;

    /// <summary>Peers to a key; an answer carries at most about 85.</summary>
    public int MaxPeersPerKey { get; init; } = 200;

    /// <summary>Queries answered a second for one global address.</summary>
    public int QueriesPerGlobalSource { get; init; } = 100;

    /// <summary>Queries answered a second for one endpoint on this machine or the local network, where bulk announcing is our own kind's.</summary>
    public int QueriesPerLocalSource { get; init; } = 20_000;
}
