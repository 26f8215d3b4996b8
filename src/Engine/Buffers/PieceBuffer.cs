namespace Shoal.Engine.Buffers;

/// <summary>
/// The bytes of one open piece, filled block by block by the readers of several connections. A block is claimed before it is copied, so that two peers never
/// write one place; references keep the memory from being used for another piece while a reader may still copy into it.
/// </summary>
internal sealed class PieceBuffer
{
    private readonly PieceBufferPool _pool;
    private readonly byte[] _bytes;
    private readonly int[] _claims;
    private int _references = 1;

    internal PieceBuffer(PieceBufferPool pool, byte[] bytes, int length, int blocks)
    {
        (_pool, _bytes, Length) = (pool, bytes, length);
        _claims = new int[blocks];
    }

    public int Length { get; }

    public Memory<byte> Memory => _bytes.AsMemory(0, Length);

    internal byte[] Bytes => _bytes;

    /// <summary>Whether the caller is the one to fill this block.</summary>
    public bool TryClaim(int block) => Interlocked.CompareExchange(ref _claims[block], 1, 0) == 0;

    /// <summary>Lets the block be filled again.</summary>
    public void Unclaim(int block) => Volatile.Write(ref _claims[block], 0);

    public void AddReference() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0) _pool.Return(this);
    }
}
