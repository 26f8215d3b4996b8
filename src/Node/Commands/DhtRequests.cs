using System.Text.Json.Serialization;

namespace Shoal.Node.Commands;

/// <summary>Say what the DHT looks like.</summary>
public sealed record DhtStatusRequest
{
    /// <summary>Nodes of the DHT to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];
}

/// <summary>Look up a key.</summary>
/// <param name="Key">40 hex digits.</param>
public sealed record DhtLookupRequest(string Key)
{
    /// <summary>Seconds until somebody must have answered.</summary>
    public double Timeout { get; init; } = 30;

    /// <summary>Nodes of the DHT to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];
}

/// <summary>Ask one node whether it is there.</summary>
/// <param name="Address"><c>host:port</c>.</param>
public sealed record DhtPingRequest(string Address)
{
    /// <summary>Seconds until it must have answered.</summary>
    public double Timeout { get; init; } = 5;
}

/// <summary>Put an item (BEP 44). The caller has signed a mutable one: a secret key never goes to another process.</summary>
/// <param name="Value">Bencoded.</param>
public sealed record DhtPutRequest(byte[] Value)
{
    /// <summary>The signer's, 32 bytes; null for an immutable item.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] // or it is written as an empty one
    public byte[]? PublicKey { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? Salt { get; init; }

    public long Sequence { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? Signature { get; init; }

    /// <summary>The sequence number of the version that it is to replace; null for any lower one.</summary>
    public long? Cas { get; init; }

    /// <summary>Whether the caller has just looked what is there, and the sequence number comes after it.</summary>
    public bool IsNext { get; init; }

    /// <summary>Seconds until somebody must have answered.</summary>
    public double Timeout { get; init; } = 30;

    /// <summary>Nodes of the DHT to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];
}

/// <summary>Get an item (BEP 44).</summary>
/// <param name="Target">40 hex digits.</param>
public sealed record DhtGetRequest(string Target)
{
    /// <summary>Of a mutable item that has one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? Salt { get; init; }

    /// <summary>Whether one lookup is enough, even if it finds nothing.</summary>
    public bool Once { get; init; }

    /// <summary>Seconds until it must have been found.</summary>
    public double Timeout { get; init; } = 30;

    /// <summary>Nodes of the DHT to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];
}
