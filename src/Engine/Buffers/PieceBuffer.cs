using Shoal.Core.Geometry;

namespace Shoal.Engine.Buffers;

/// <summary>
/// The bytes of one open piece, or of a run of its blocks, filled block by block by the readers of several connections. A block is claimed before it is copied, so that two peers never
/// write one place; references keep the memory from being used for another piece while a reader may still copy into it. Blocks are numbered as in the piece.
/// </summary>
internal sealed class PieceBuffer
{
    private const int Claimed = 1, Filled = 2;

    private readonly PieceBufferPool _pool;
    private readonly byte[] _bytes;
    private readonly int[] _claims;
    private int _references = 1;

    internal PieceBuffer(PieceBufferPool pool, byte[] bytes, int length, int first)
    {
        (_pool, _bytes, Length, First) = (pool, bytes, length, new BlockIndex(first));
        _claims = new int[(length + TorrentGeometry.BlockLength - 1) / TorrentGeometry.BlockLength];
    }

    public int Length { get; }

    /// <summary>The first block of the piece that lies here.</summary>
    public BlockIndex First { get; }

    public int BlockCount => _claims.Length;

    public Memory<byte> Memory => _bytes.AsMemory(0, Length);

    internal byte[] Bytes => _bytes;

    /// <summary>Copies a block into its place, unless somebody else was first.</summary>
    public bool TryFill(int block, ReadOnlySpan<byte> bytes)
    {
        if (!TryClaim(block)) return false;

        bytes.CopyTo(Memory.Span[((block - First) * TorrentGeometry.BlockLength)..]);
        Volatile.Write(ref _claims[block - First], Filled);
        return true;
    }

    /// <summary>Whether the caller is the one to fill this block.</summary>
    public bool TryClaim(int block) => Interlocked.CompareExchange(ref _claims[block - First], Claimed, 0) == 0;

    /// <summary>Whether the block's bytes are here.</summary>
    public bool IsFilled(int block) => Volatile.Read(ref _claims[block - First]) == Filled;

    /// <summary>Lets the block be filled again.</summary>
    public void Unclaim(int block) => Volatile.Write(ref _claims[block - First], 0);

    public void AddReference() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0) _pool.Return(this);
    }
}
