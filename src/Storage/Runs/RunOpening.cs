using Shoal.Core;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Runs;

/// <summary>Opens the copies that a run lies in.</summary>
internal sealed class RunOpening(StoreContext context, CopyIndex index, OpenCopies copies, RunIndex runs)
{
    private const int MaxSources = 8;

    public async Task<FileView> OpenAsync(StoredRun run, TorrentInfo canonical, CancellationToken ct)
    {
        if (canonical.Files.Count != 1 || canonical.Length != run.Length || (run.IsRoot && canonical.Files[0].Id.Value != run.Id)) throw new ArgumentException("it is the torrent of other bytes", nameof(canonical));

        var places = runs.Find(run.Id, run.Length).Where(r => r.Height == run.Height).OrderByDescending(r => r.Have).ThenByDescending(r => r.Torrent.IsShared).ToList();
        var sources = new List<RunSource>();
        try
        {
            foreach (var place in places.Take(places is [{ IsWhole: true }, ..] ? 1 : MaxSources))
            {
                if (await OpenAsync(place, ct) is { } source) sources.Add(source);
            }

            return sources.Count > 0
                ? new FileView(context, canonical, sources)
                : throw new StoreException(StoreErrorCode.NotHeld, $"nothing in the store has {run.Id} any more: share or get it again", run.Path);
        }
        catch
        {
            foreach (var source in sources) await source.Content.DisposeAsync();
            throw;
        }
    }

    public async Task<FileId?> ReadRootAsync(StoredRun run, CancellationToken ct)
    {
        if (run.IsRoot) return new FileId(run.Id);
        if (await OpenAsync(run, ct) is not { } source) return null;

        await using var content = source.Content;
        return await context.Workers.RunAsync(scratch => ReadRoot(source, run, scratch), ct);
    }

    private static FileId? ReadRoot(RunSource source, StoredRun run, WorkerScratch scratch)
    {
        var leaves = new byte[MerkleTree.BlockCount(run.Length) * Hash256.Length];
        for (var at = 0L; at < run.Length; at += WorkerScratch.BufferLength)
        {
            var part = scratch.Buffer[..(int)Math.Min(WorkerScratch.BufferLength, run.Length - at)];
            if (!source.Read(at, part)) return null;

            MerkleTree.HashLeaves(part, leaves.AsSpan((int)(at / MerkleTree.BlockLength) * Hash256.Length));
        }

        if (MerkleTree.Fold((byte[])leaves.Clone(), 0, run.Height) != run.Id) return null;

        return new FileId(MerkleTree.Fold(leaves, 0, MerkleTree.HeightOf(MerkleTree.BlockCount(run.Length))));
    }

    private async Task<RunSource?> OpenAsync(StoredRun run, CancellationToken ct)
    {
        if (index.Find(run.Torrent.CopyId) is not { } torrent) return null;

        try
        {
            return new RunSource(await copies.OpenAsync(torrent, ct), run.File, run.Offset, run.Length);
        }
        catch (StoreException)
        {
            return null; // removed meanwhile
        }
    }
}
