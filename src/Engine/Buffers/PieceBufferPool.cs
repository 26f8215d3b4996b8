using Shoal.Core.Geometry;

namespace Shoal.Engine.Buffers;

/// <summary>
/// Memory for open pieces and runs of them, within a budget. Arrays are kept for the next of their size. A lease over budget is refused, but for the little without which nothing would
/// ever move: of at most a run of blocks, two in all and one to each swarm. A piece smaller than a block counts as one, so that tiny files do not make for very many open pieces, but
/// takes no more than it needs.
/// </summary>
internal sealed class PieceBufferPool(long budget)
{
    /// <summary>16 blocks: what of a piece too large to be held whole is proven and written alone.</summary>
    public const int RunLength = 16 * TorrentGeometry.BlockLength;

    private const int FewestWhole = 4;
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

    /// <summary>Whether pieces of that length may be held whole: so many fit the budget that peers need not wait for each other.</summary>
    public bool MayBeWhole(int length) => length <= RunLength || (long)SizeFor(length) * FewestWhole <= budget;

    /// <param name="held">Buffers that the asking swarm holds already.</param>
    /// <param name="first">The first block of the piece that is to lie in it.</param>
    public bool TryLease(int length, int held, out PieceBuffer buffer, int first = 0)
    {
        const int alwaysAllowed = 2;
        var size = SizeFor(length);
        byte[]? bytes = null;
        buffer = null!;
        lock (_lock)
        {
            if (_leased + CostOf(size) > budget && (size > RunLength || (_out >= alwaysAllowed && held > 0))) return false;

            _leased += CostOf(size);
            _out++;
            if (_free.TryGetValue(size, out var stack) && stack.TryPop(out bytes)) _kept -= CostOf(size);
            else if (_leased + _kept > budget) DropKept();
        }

        bytes ??= GC.AllocateUninitializedArray<byte>(size);
        buffer = new PieceBuffer(this, bytes, length, first);
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
