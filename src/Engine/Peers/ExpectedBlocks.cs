using Shoal.Core.Geometry;
using Shoal.Engine.Buffers;

namespace Shoal.Engine.Peers;

/// <summary>
/// The blocks one peer was asked for, and where they go: the loop adds, the connection's reader takes. Holds a reference to each buffer until its block came, was
/// refused or taken back.
/// </summary>
internal sealed class ExpectedBlocks
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(int Piece, int Begin), PieceBuffer?> _owed = [];
    private bool _isClosed;

    public void Add(PieceIndex piece, BlockIndex block, PieceBuffer buffer)
    {
        lock (_lock)
        {
            if (_isClosed) return;

            buffer.AddReference();
            if (_owed.Remove((piece, block * TorrentGeometry.BlockLength), out var before)) before?.Release();
            _owed[(piece, block * TorrentGeometry.BlockLength)] = buffer;
        }
    }

    /// <summary>The block is not wanted any more. It may come all the same.</summary>
    public void Unwant(PieceIndex piece, BlockIndex block)
    {
        lock (_lock)
        {
            if (!_owed.TryGetValue((piece, block * TorrentGeometry.BlockLength), out var buffer)) return;

            buffer?.Release();
            _owed[(piece, block * TorrentGeometry.BlockLength)] = null;
        }
    }

    public bool IsWanted(PieceIndex piece, BlockIndex block)
    {
        lock (_lock) return _owed.TryGetValue((piece, block * TorrentGeometry.BlockLength), out var buffer) && buffer is not null;
    }

    /// <summary>The block came.</summary>
    /// <param name="buffer">Where it goes, for the caller to release; null if it is not wanted any more.</param>
    /// <returns>False if it was not asked for.</returns>
    public bool TryTake(int piece, int begin, out PieceBuffer? buffer)
    {
        lock (_lock) return _owed.Remove((piece, begin), out buffer);
    }

    /// <summary>The block will not come.</summary>
    public bool TryDrop(int piece, int begin)
    {
        lock (_lock)
        {
            if (!_owed.Remove((piece, begin), out var buffer)) return false;

            buffer?.Release();
            return true;
        }
    }

    /// <summary>Gives back what was lent for blocks that will not come; none is taken in after this.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            foreach (var buffer in _owed.Values) buffer?.Release();
            _owed.Clear();
        }
    }
}
