using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Workers;

/// <summary>Hashes pieces as they lie on disk, on all workers.</summary>
internal sealed class PieceHasher(IDisk disk, StorageWorkers workers)
{
    private const int BufferHeight = 6; // WorkerScratch.BufferLength = 2^6 blocks

    /// <summary>Told what a piece hashed to, on a worker; null if a file of it ends too early or cannot be read.</summary>
    public delegate void Found(PieceIndex piece, PieceDigest? digest);

    public Task HashAsync(HashPlan plan, Bitfield pieces, Found found, ProgressMeter meter, CancellationToken ct) =>
        workers.ForEachAsync(PieceRun.Split(plan.Geometry, pieces), (run, scratch) => Hash(plan, run, found, meter, scratch, ct), ct);

    private void Hash(HashPlan plan, PieceRun run, Found found, ProgressMeter meter, WorkerScratch scratch, CancellationToken ct)
    {
        using var files = new FileWindow(disk, plan);
        for (var i = 0; i < run.Count && !ct.IsCancellationRequested; i++)
        {
            var piece = new PieceIndex(run.First + i);
            found(piece, TryDigest(plan, piece, files, scratch, out var digest) ? digest : null);
            meter.Add(plan.Geometry.LengthOf(piece));
        }
    }

    private static bool TryDigest(HashPlan plan, PieceIndex piece, FileWindow files, WorkerScratch scratch, out PieceDigest digest)
    {
        digest = default;
        var length = plan.Geometry.LengthOf(piece);
        var parts = (length + WorkerScratch.BufferLength - 1) / WorkerScratch.BufferLength;
        var height = plan.WantsV2 ? plan.Geometry.HashHeight(plan.Geometry.FileOf(piece)) : 0;
        var partHeight = Math.Min(height, BufferHeight);
        var hashes = scratch.Hashes(parts + (1 << BufferHeight));
        var layer = hashes[..(parts * Hash256.Length)];
        var sha1 = plan.LengthV1 is null ? null : scratch.Sha1;
        try
        {
            for (var i = 0; i < parts; i++)
            {
                var at = i * WorkerScratch.BufferLength;
                var part = scratch.Buffer[..Math.Min(WorkerScratch.BufferLength, length - at)];
                if (!files.TryRead(piece, at, part)) return false;

                if (plan.WantsV2) MerkleTree.Root(part, partHeight, hashes[layer.Length..]).CopyTo(layer[(i * Hash256.Length)..]);
                sha1?.Append(part);
            }

            digest = new PieceDigest(
                plan.WantsV2 ? MerkleTree.Fold(layer, partHeight, height) : default,
                sha1?.Finish(padding: plan.LengthV1!(piece) - length) ?? default);
            return true;
        }
        finally
        {
            sha1?.Reset();
        }
    }

    /// <summary>The files of a run of pieces, one open at a time.</summary>
    private sealed class FileWindow(IDisk disk, HashPlan plan) : IDisposable
    {
        private IDiskFile? _open;
        private FileIndex _file;

        public bool TryRead(PieceIndex piece, int begin, Span<byte> destination)
        {
            if (!plan.Geometry.IsAligned) destination.Clear(); // for the padding
            foreach (var span in plan.Geometry.SpansOf(piece, begin, destination.Length))
            {
                if (!TryRead(span, destination.Slice(span.Begin - begin, span.Length))) return false;
            }

            return true;
        }

        public void Dispose() => Close();

        private bool TryRead(FileSpan span, Span<byte> destination)
        {
            if (plan.PathOf(span.File) is not { } path) return false;

            try
            {
                if (_open is null || _file != span.File)
                {
                    Close();
                    (_open, _file) = (disk.Open(path, FileAccess.Read), span.File);
                }

                return _open.Read(destination, span.Offset) == destination.Length;
            }
            catch (Exception e) when (DiskErrors.IsDisk(e))
            {
                Close();
                return plan.IsStrict ? throw DiskErrors.Reading(e, path) : false;
            }
        }

        private void Close()
        {
            _open?.Dispose();
            _open = null;
        }
    }
}
