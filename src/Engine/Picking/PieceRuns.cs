using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Engine.Buffers;

namespace Shoal.Engine.Picking;

/// <summary>
/// The runs of a piece that is too large to be held whole: 16 blocks each have memory of their own, from the first that is asked for until they are written. A run is begun once it
/// can be proven alone, by its leaf hashes, or once it is known that nobody gives them.
/// </summary>
/// <param name="length">Of the piece.</param>
/// <param name="leaves">Null where there is no hash tree.</param>
internal sealed class PieceRuns(SwarmMemory memory, int length, PieceLeaves? leaves)
{
    public const int Blocks = PieceBufferPool.RunLength / TorrentGeometry.BlockLength;

    private readonly PieceBuffer?[] _buffers = new PieceBuffer?[(length + PieceBufferPool.RunLength - 1) / PieceBufferPool.RunLength];
    private readonly RunState[] _states = new RunState[(length + PieceBufferPool.RunLength - 1) / PieceBufferPool.RunLength];

    private enum RunState : byte
    {
        Idle,
        Open,
        Storing,
        Stored,
    }

    public int Count => _states.Length;

    public PieceLeaves? Leaves => leaves;

    /// <summary>Whether runs without leaf hashes are written as they come, for the piece to be proven when it is whole.</summary>
    public bool TakesUnproven { get; set; } = leaves is null;

    public bool AreAllStored => Array.TrueForAll(_states, s => s == RunState.Stored);

    public static int Of(BlockIndex block) => block / Blocks;

    public PieceBuffer? BufferOf(BlockIndex block) => _buffers[Of(block)];

    public bool IsOpen(int run) => _states[run] == RunState.Open;

    /// <summary>Whether the run may be begun, memory left aside.</summary>
    public bool IsReady(int run) => _states[run] == RunState.Idle && (TakesUnproven || leaves!.IsKnown(First(run)));

    /// <summary>Begins a run, if there is memory for it.</summary>
    public bool TryOpen(int run)
    {
        var begin = run * PieceBufferPool.RunLength;
        if (!memory.TryLease(Math.Min(PieceBufferPool.RunLength, length - begin), out var buffer, First(run))) return false;

        (_buffers[run], _states[run]) = (buffer, RunState.Open);
        return true;
    }

    /// <summary>All its blocks have come: it is to be written.</summary>
    /// <param name="proof">The leaves that prove it; null if it is to be written as it is.</param>
    public PieceBuffer BeginStoring(int run, out PieceLeaves? proof)
    {
        _states[run] = RunState.Storing;
        proof = leaves?.IsKnown(First(run)) == true ? leaves : null;
        return _buffers[run]!;
    }

    /// <summary>Whether this is what is being written of its run.</summary>
    public bool IsStoring(PieceBuffer buffer) => _states[Of(buffer.First)] == RunState.Storing && _buffers[Of(buffer.First)] == buffer;

    /// <summary>It is written.</summary>
    public void OnStored(int run)
    {
        Release(run);
        _states[run] = RunState.Stored;
    }

    /// <summary>It is not written; what is wrong of it is about to be discarded.</summary>
    public void OnNotStored(int run) => _states[run] = RunState.Open;

    /// <summary>Some of what was written, or is being written, is worthless.</summary>
    public void Reopen(int run)
    {
        if (_states[run] is not (RunState.Storing or RunState.Stored)) return;

        Release(run);
        _states[run] = RunState.Idle;
    }

    /// <summary>Nothing of it is on its way: its memory is for others.</summary>
    public void Drop(int run)
    {
        if (_states[run] != RunState.Open) return;

        Release(run);
        _states[run] = RunState.Idle;
    }

    public void ReleaseAll()
    {
        for (var run = 0; run < Count; run++) Release(run);
    }

    private static BlockIndex First(int run) => new(run * Blocks);

    private void Release(int run)
    {
        if (_buffers[run] is not { } buffer) return;

        _buffers[run] = null;
        memory.Release(buffer);
    }
}
