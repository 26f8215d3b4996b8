namespace Shoal.Core;

/// <summary>The name of a torrent: SHA-256 of its info dictionary (BEP 52), or SHA-1 of one that is of v1 alone (BEP 3).</summary>
public readonly record struct InfoHash
{
    /// <summary>A v2 name.</summary>
    public InfoHash(Hash256 value) => Value = value;

    /// <summary>A v1 name.</summary>
    public InfoHash(Hash160 value)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Length];
        bytes.Clear();
        value.CopyTo(bytes);
        (Value, IsV1) = (new Hash256(bytes), true);
    }

    /// <summary>The hash; one of v1 is followed by zeros.</summary>
    public Hash256 Value { get; }

    /// <summary>Whether it is the name of a torrent of v1 alone.</summary>
    public bool IsV1 { get; }

    /// <summary>The key of its swarm in DHT, trackers and handshake.</summary>
    public Hash160 Truncated => Value.Truncated;

    /// <param name="bytes">20 or 32 of them.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out InfoHash infoHash)
    {
        infoHash = bytes.Length switch
        {
            Hash160.Length => new InfoHash(new Hash160(bytes)),
            Hash256.Length => new InfoHash(new Hash256(bytes)),
            _ => default,
        };
        return bytes.Length is Hash160.Length or Hash256.Length;
    }

    /// <summary>Reads 40 or 64 hexadecimal digits.</summary>
    public static bool TryParse(string text, out InfoHash infoHash)
    {
        infoHash = default;
        if (Hash256.TryParse(text, out var v2)) infoHash = new InfoHash(v2);
        else if (Hash160.TryParse(text, out var v1)) infoHash = new InfoHash(v1);
        else return false;

        return true;
    }

    /// <summary>Whether it is the name of that info dictionary.</summary>
    public bool Names(ReadOnlySpan<byte> info) => IsV1 ? Hash.Sha1(info) == Truncated : Hash.Sha256(info) == Value;

    /// <returns>20 or 32 bytes.</returns>
    public byte[] ToArray() => IsV1 ? Truncated.ToArray() : Value.ToArray();

    /// <returns>40 or 64 hexadecimal digits.</returns>
    public override string ToString() => IsV1 ? Truncated.ToString() : Value.ToString();
}

/// <summary>The name of a file: its <c>pieces root</c> (BEP 52). Proves nothing about length, so it is always used together with one.</summary>
public readonly record struct FileId(Hash256 Value)
{
    /// <summary>Whether there is no name: the file is empty, or of a torrent of v1.</summary>
    public bool IsNone => Value.IsZero;

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
