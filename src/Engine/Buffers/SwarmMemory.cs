namespace Shoal.Engine.Buffers;

/// <summary>What one swarm has of the pool.</summary>
internal sealed class SwarmMemory(PieceBufferPool pool)
{
    private int _held;

    public bool IsEmpty => _held == 0;

    public bool MayBeWhole(int length) => pool.MayBeWhole(length);

    /// <param name="first">The first block of the piece that is to lie in it.</param>
    public bool TryLease(int length, out PieceBuffer buffer, int first = 0)
    {
        if (!pool.TryLease(length, _held, out buffer, first)) return false;

        _held++;
        return true;
    }

    /// <summary>The swarm needs it no longer; readers and the store may, for a while.</summary>
    public void Release(PieceBuffer buffer)
    {
        _held--;
        buffer.Release();
    }
}
