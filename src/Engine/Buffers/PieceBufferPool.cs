using Shoal.Core.Geometry;

namespace Shoal.Engine.Buffers;

/// <summary>
/// Memory for open pieces, within a budget. Arrays are kept for the next piece of their size; a lease over budget is refused unless nothing is out. A piece smaller
/// than a block counts as one, so that tiny files do not make for very many open pieces, but takes no more than it needs.
/// </summary>
internal sealed class PieceBufferPool(long budget)
{
    private const int LeastSize = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Stack<byte[]>> _free = [];
    private long _leased;
    private long _kept;
    private int _out;

    /// <summary>Bytes in use by open pieces now.</summary>
    public long Leased
    {
        get
        {
            lock (_lock) return _leased;
        }
    }

    /// <summary>Pieces so large that two do not fit the budget still get two, and a swarm that has none gets one, or nothing would ever move.</summary>
    /// <param name="held">Buffers that the asking swarm holds already.</param>
    public bool TryLease(int length, int held, out PieceBuffer buffer)
    {
        const int alwaysAllowed = 2;
        var size = SizeFor(length);
        byte[]? bytes = null;
        buffer = null!;
        lock (_lock)
        {
            if (_leased + CostOf(size) > budget && _out >= alwaysAllowed && held > 0) return false;

            _leased += CostOf(size);
            _out++;
            if (_free.TryGetValue(size, out var stack) && stack.TryPop(out bytes)) _kept -= CostOf(size);
            else if (_leased + _kept > budget) DropKept();
        }

        bytes ??= GC.AllocateUninitializedArray<byte>(size);
        buffer = new PieceBuffer(this, bytes, length, (length + TorrentGeometry.BlockLength - 1) / TorrentGeometry.BlockLength);
        return true;
    }

    internal void Return(PieceBuffer buffer)
    {
        var size = buffer.Bytes.Length;
        lock (_lock)
        {
            _leased -= CostOf(size);
            _out--;
            if (_leased + _kept + CostOf(size) > budget) return;

            if (!_free.TryGetValue(size, out var stack)) _free[size] = stack = new Stack<byte[]>();
            stack.Push(buffer.Bytes);
            _kept += CostOf(size);
        }
    }

    private void DropKept()
    {
        _free.Clear();
        _kept = 0;
    }

    private static int CostOf(int size) => Math.Max(TorrentGeometry.BlockLength, size);

    private static int SizeFor(int length) => Math.Max(LeastSize, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length));
}
