namespace Shoal.Dht.Krpc;

internal enum KrpcType : byte
{
    Query,
    Response,
    Error,
}

internal enum KrpcVerb : byte
{
    /// <summary>A query that is not ours; answered as find_node if it names a target, as later BEPs expect.</summary>
    Unknown,
    Ping,
    FindNode,
    GetPeers,
    AnnouncePeer,

    /// <summary>BEP 44.</summary>
    Get,

    /// <summary>BEP 44.</summary>
    Put,

    /// <summary>BEP 51.</summary>
    SampleInfohashes,

    /// <summary>Many keys at once, between our own kind (docs/decisions/0011-announce-peers.md).</summary>
    AnnouncePeers,
}

/// <summary>Which address families a query asks contacts of (BEP 32).</summary>
[Flags]
internal enum Want : byte
{
    None = 0,
    V4 = 1,
    V6 = 2,
}

/// <summary>Codes of BEP 5, and from 205 on of BEP 44.</summary>
internal enum KrpcError
{
    Generic = 201,
    Server = 202,
    Protocol = 203,
    MethodUnknown = 204,
    ValueTooBig = 205,
    InvalidSignature = 206,
    SaltTooBig = 207,
    CasMismatch = 301,
    SequenceTooLow = 302,
}
