using Shoal.Core;
using Shoal.Core.Bencode;

namespace Shoal.Dht.Krpc;

/// <summary>Walks <c>values</c>: a list of compact endpoints, both families mixed (BEP 32). What is neither is passed over.</summary>
internal ref struct CompactPeers
{
    private BencodeReader _reader;
    private bool _open;

    /// <param name="list">A bencoded list, already known to be well formed.</param>
    public CompactPeers(ReadOnlySpan<byte> list)
    {
        _reader = new BencodeReader(list);
        _open = _reader.TryEnterList();
    }

    public bool TryNext(out NetEndPoint endPoint)
    {
        endPoint = default;
        while (_open)
        {
            if (_reader.Peek() != BencodeType.String)
            {
                if (_reader.TrySkip()) continue;
                break;
            }

            if (!_reader.TryReadString(out var compact)) break;
            if (NetEndPoint.TryReadCompact(compact, out endPoint)) return true;
        }

        _open = false;
        return false;
    }
}
