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

    /// <summary>Peers of all keys together; about 50 bytes each.</summary>
    public int MaxStoredPeers { get; init; } = 500_000;

    /// <summary>Items of others (BEP 44); about 1,500 bytes each at most.</summary>
    public int MaxStoredItems { get; init; } = 4096;

    /// <summary>Signatures of items checked a second; each costs about a hundred microseconds.</summary>
    public int SignatureChecks { get; init; } = 1000;

    /// <summary>Queries answered a second for one range of global addresses.</summary>
    public int QueriesPerGlobalSource { get; init; } = 100;

    /// <summary>Queries answered a second for one endpoint on this machine or the local network, where bulk announcing is our own kind's.</summary>
    public int QueriesPerLocalSource { get; init; } = 20_000;

    /// <summary>Long answers a second to one range of addresses that may be forged.</summary>
    public int LongAnswersPerSource { get; init; } = 4;

    /// <summary>Long answers a second to all addresses that may be forged.</summary>
    public int LongAnswers { get; init; } = 200;

    /// <summary>Places in each table of sources, 16 bytes each; those that share one share its allowance.</summary>
    public int SourceSlots { get; init; } = 4096;
}
