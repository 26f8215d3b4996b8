using Shoal.Core;

namespace Shoal.Dht.Krpc;

/// <summary>Walks <c>nodes</c> or <c>nodes6</c>: a node ID and a compact endpoint, over and over (BEP 5, BEP 32). An odd rest is ignored.</summary>
internal ref struct CompactNodes(ReadOnlySpan<byte> packed, int endPointLength)
{
    private ReadOnlySpan<byte> _rest = packed;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public bool TryNext(out NodeId id, out NetEndPoint endPoint)
    {
        id = default;
        endPoint = default;
        var length = Hash160.Length + endPointLength;
        if (endPointLength == 0 || _rest.Length < length) return false;

        id = new NodeId(new Hash160(_rest[..Hash160.Length]));
        _ = NetEndPoint.TryReadCompact(_rest[Hash160.Length..length], out endPoint);
        _rest = _rest[length..];
        return true;
    }
}
