namespace Shoal.Core;

/// <summary>The name of a torrent: SHA-256 of its info dictionary (BEP 52).</summary>
public readonly record struct InfoHash(Hash256 Value)
{
    /// <summary>The key of its swarm in DHT, trackers and handshake.</summary>
    public Hash160 Truncated => Value.Truncated;

    public override string ToString() => Value.ToString();
}

/// <summary>The name of a file: its <c>pieces root</c> (BEP 52). Proves nothing about length, so it is always used together with one.</summary>
public readonly record struct FileId(Hash256 Value)
{
    public override string ToString() => Value.ToString();
}

/// <summary>The name of a chunk: the root over one piece of a file, at piece height; an entry of the piece layer (BEP 52).</summary>
public readonly record struct ChunkId(Hash256 Value)
{
    public override string ToString() => Value.ToString();
}

/// <summary>The name of a DHT participant (BEP 5).</summary>
public readonly record struct NodeId(Hash160 Value)
{
    public static NodeId Random(Random random) => new(Hash160.Random(random));

    public override string ToString() => Value.ToString();
}

/// <summary>The name a peer gives itself in the handshake (BEP 3, BEP 20).</summary>
public readonly record struct PeerId(Hash160 Value)
{
    public override string ToString() => Value.ToString();
}
