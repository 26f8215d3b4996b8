using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Workers;

/// <summary>Hashes pieces of files as they lie on disk, on all workers.</summary>
internal sealed class FileHasher(IDisk disk, StorageWorkers workers)
{
    /// <summary>Told what a piece hashed to, on a worker; null if the file ends before it does or cannot be read.</summary>
    public delegate void Found(PieceIndex piece, Hash256? hash);

    /// <param name="isStrict">Whether a file that cannot be read is a failure, and not only pieces without a hash.</param>
    public Task HashAsync(TorrentGeometry geometry, IEnumerable<FileRun> runs, bool isStrict, Found found, ProgressMeter meter, CancellationToken ct) =>
        workers.ForEachAsync(runs, (run, scratch) => Hash(geometry, run, isStrict, found, meter, scratch, ct), ct);

    private void Hash(TorrentGeometry geometry, FileRun run, bool isStrict, Found found, ProgressMeter meter, WorkerScratch scratch, CancellationToken ct)
    {
        var done = 0;
        try
        {
            using var file = disk.Open(run.Path, FileAccess.Read);
            for (; done < run.Count && !ct.IsCancellationRequested; done++)
            {
                var piece = new PieceIndex(run.First + done);
                var length = geometry.LengthOf(piece);
                var read = PieceHash.TryRead(file, geometry.OffsetInFile(piece), length, geometry.HashHeight(run.File), scratch, out var hash);
                found(piece, read ? hash : null);
                meter.Add(length);
            }
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            if (isStrict) throw DiskErrors.Reading(e, run.Path);
            for (; done < run.Count; done++) found(new PieceIndex(run.First + done), null);
        }
    }
}
