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
}

/// <summary>Which address families a query asks contacts of (BEP 32).</summary>
[Flags]
internal enum Want : byte
{
    None = 0,
    V4 = 1,
    V6 = 2,
}

/// <summary>Codes of BEP 5.</summary>
internal enum KrpcError
{
    Generic = 201,
    Server = 202,
    Protocol = 203,
    MethodUnknown = 204,
}
