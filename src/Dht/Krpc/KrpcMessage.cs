using Shoal.Core;

namespace Shoal.Dht.Krpc;

/// <summary>
/// One decoded message (BEP 5). It looks into the datagram and lives no longer. What a sender left out or got wrong is absent
/// (null or empty); whether that is an error is decided by who handles the message.
/// </summary>
internal ref struct KrpcMessage
{
    public KrpcType Type;
    public ReadOnlySpan<byte> Transaction;

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

    public long ErrorCode;

    /// <summary>Our own endpoint as the sender sees it (BEP 42).</summary>
    public NetEndPoint? ExternalAddress;
}
