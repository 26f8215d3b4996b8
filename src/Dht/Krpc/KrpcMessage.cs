using Shoal.Core;

namespace Shoal.Dht.Krpc;

/// <summary>
/// One decoded message (BEP 5). It looks into the datagram and lives no longer. What a sender left out or got wrong is absent
/// (null or empty); whether that is an error is decided by who handles the message.
/// </summary>
internal ref struct KrpcMessage
{
    /// <summary>How the version of every Shoal begins.</summary>
    public static ReadOnlySpan<byte> OwnKind => "SH"u8;

    public KrpcType Type;
    public ReadOnlySpan<byte> Transaction;

    /// <summary>What the sender's program calls itself: two letters and two bytes, by custom.</summary>
    public ReadOnlySpan<byte> Version;

    public KrpcVerb Verb;
    public NodeId? Id;
    public Hash160? Target;
    public Hash160? InfoHash;
    public ReadOnlySpan<byte> Token;
    public int Port;
    public bool ImpliedPort;
    public Want Want;
    public bool ReadOnly;

    public CompactNodes Nodes;
    public CompactNodes Nodes6;
    public CompactPeers Values;

    /// <summary>Whoever announces has everything (BEP 33).</summary>
    public bool Seed;

    /// <summary>Whoever asks has everything, and looks for those who have not (BEP 33).</summary>
    public bool NoSeed;

    /// <summary>The asker wants filters (BEP 33).</summary>
    public bool Scrape;

    /// <summary><c>BFsd</c>, 256 bytes or none (BEP 33).</summary>
    public ReadOnlySpan<byte> SeedFilter;

    /// <summary><c>BFpe</c>, 256 bytes or none (BEP 33).</summary>
    public ReadOnlySpan<byte> PeerFilter;

    /// <summary>An item's value as it is bencoded: well formed, not yet known to be canonical (BEP 44).</summary>
    public ReadOnlySpan<byte> Value;

    /// <summary>An item's public key, 32 bytes or none (BEP 44).</summary>
    public ReadOnlySpan<byte> Key;

    /// <summary>An item's signature, 64 bytes or none (BEP 44).</summary>
    public ReadOnlySpan<byte> Signature;

    public ReadOnlySpan<byte> Salt;
    public long? Sequence;

    /// <summary>The sequence number that a put expects to replace (BEP 44).</summary>
    public long? Cas;

    /// <summary>Seconds for which the samples stay the same (BEP 51).</summary>
    public long? Interval;

    /// <summary>How many keys the sender stores (BEP 51).</summary>
    public long? Num;

    /// <summary>Whether there are samples at all, be they none: only so one knows that the sender understood (BEP 51).</summary>
    public bool HasSamples;

    /// <summary>Keys of 20 bytes, one after the other; empty unless the length is a multiple (BEP 51).</summary>
    public ReadOnlySpan<byte> Samples;

    /// <summary>Keys of 20 bytes, one after the other; empty unless the length is a multiple (our <c>announce_peers</c>).</summary>
    public ReadOnlySpan<byte> InfoHashes;

    /// <summary>One bit to each key that was announced, the first the highest (our <c>announce_peers</c>).</summary>
    public ReadOnlySpan<byte> Accepted;

    public long ErrorCode;
    public ReadOnlySpan<byte> ErrorText;

    /// <summary>Our own endpoint as the sender sees it (BEP 42).</summary>
    public NetEndPoint? ExternalAddress;

    public readonly bool IsOwnKind => Version.StartsWith(OwnKind);
}
