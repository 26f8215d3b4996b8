using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Content;

/// <summary>
/// Pieces that are written run by run, since they are too large to be held whole. A run is proven against its leaf hashes where they are known, else written as it came. A piece is
/// entered once all its runs are proven; if one of them ever was not, only after the whole of it was read back and proven. What is not entered is of no use after a restart.
/// </summary>
internal sealed class PartialPieces(StoreContext context, TorrentContent content)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Progress> _begun = [];

    /// <summary>Proves a run if it can, and writes it where it belongs, on a worker.</summary>
    /// <param name="leaves">Null, or those of the run are known.</param>
    public PutOutcome Put(PieceIndex piece, int begin, ReadOnlySpan<byte> data, PieceLeaves? leaves, WorkerScratch scratch)
    {
        var first = new BlockIndex(begin / TorrentGeometry.BlockLength);
        if (leaves?.Hold(first, data, scratch.Hashes((int)MerkleTree.BlockCount(data.Length))) == false) return new PutOutcome(PutStatus.Corrupt);
        if (content.State.IsPresent(piece)) return new PutOutcome(PutStatus.Stored);
        if (leaves is null) Begun(piece, progress => progress.HasUnproven = true);

        var path = content.Layout.StagingRoot;
        try
        {
            foreach (var span in content.Info.Geometry.SpansOf(piece, begin, data.Length))
            {
                path = content.Layout.Staged(span.File);
                if (!content.State.IsPlaced(span.File)) content.Write(span, data.Slice(span.Begin - begin, span.Length));
                else if (content.Info.Geometry.IsAligned) throw content.ChangedTarget(piece); // else its bytes were proven where they stand
            }
        }
        catch (Exception e) when (DiskErrors.IsDisk(e) || e is StoreException)
        {
            return new PutOutcome(PutStatus.Failed, DiskErrors.Writing(e, path));
        }

        var blocks = (int)MerkleTree.BlockCount(data.Length);
        if (leaves is not null) Begun(piece, progress => progress.Prove(first, blocks));
        return new PutOutcome(PutStatus.Stored);
    }

    /// <summary>Enters a piece all of whose runs were written.</summary>
    public async Task<PutOutcome> EnterAsync(PieceIndex piece, CancellationToken ct)
    {
        if (content.State.IsPresent(piece)) return new PutOutcome(PutStatus.Stored);

        var isProven = false;
        Begun(piece, progress => isProven = progress is { HasUnproven: false, Proven.IsFull: true });
        try
        {
            isProven = isProven || await ProveAsync(piece, ct);
        }
        catch (StoreException e)
        {
            return new PutOutcome(PutStatus.Failed, e);
        }

        lock (_lock) _begun.Remove(piece);
        if (!isProven) return new PutOutcome(PutStatus.Corrupt);
        if (content.State.SetPresent(piece)) content.Touch();
        return new PutOutcome(PutStatus.Stored);
    }

    private async Task<bool> ProveAsync(PieceIndex piece, CancellationToken ct)
    {
        var one = new Bitfield(content.Info.Geometry.PieceCount);
        one.Set(piece);
        var holds = false;
        await context.Hasher.HashAsync(
            HashPlan.ToProve(content.Info, content.Layers, f => content.State.IsPlaced(f) ? content.Layout.Final(f) : content.Layout.Staged(f)) with { IsStrict = true },
            one,
            (index, digest) => holds = PieceProof.Holds(content.Info, content.Layers, index, digest),
            new ProgressMeter(null, 0, context.Clock),
            ct);
        return holds;
    }

    private void Begun(PieceIndex piece, Action<Progress> change)
    {
        lock (_lock)
        {
            if (!_begun.TryGetValue(piece, out var progress)) _begun[piece] = progress = new Progress(content.Info.Geometry.BlockCountOf(piece));
            change(progress);
        }
    }

    private sealed class Progress(int blocks)
    {
        /// <summary>By block.</summary>
        public Bitfield Proven { get; } = new(blocks);

        public bool HasUnproven { get; set; }

        public void Prove(BlockIndex first, int count)
        {
            for (var i = first.Value; i < first + count; i++) Proven.Set(i);
        }
    }
}
