using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Downloads;

/// <summary>Takes whole files that the store has elsewhere, in any torrent and at any piece length, by (ID, length).</summary>
internal sealed class Reuse(StoreContext context, CopyIndex index, OpenCopies copies, TorrentContent content, Selection only)
{
    private readonly Dictionary<long, TorrentContent?> _sources = [];

    public async Task RunAsync(IProgress<HashProgress>? progress, CancellationToken ct)
    {
        try
        {
            var found = new List<(FileIndex File, string Path)>();
            foreach (var file in only.Files)
            {
                if (!content.Info.Files[file].Id.IsNone && !content.State.IsWhole(file) && await FindAsync(file, ct) is { } path) found.Add((file, path));
            }

            var meter = new ProgressMeter(progress, found.Sum(f => content.Info.Geometry.FileLength(f.File)), context.Clock);
            foreach (var (file, path) in found)
            {
                if (!content.Layers.IsKnown(file)) await LearnLayerAsync(file, path, ct);
            }

            await new PieceCopy(context, content, meter).RunAsync(
                found.Where(f => content.Layers.IsKnown(f.File)).SelectMany(f => Absent(f.File).Select(p => (p, (Func<FileIndex, string>)(_ => f.Path)))), ct);
            if (found.Count > 0) meter.Finish();
        }
        finally
        {
            foreach (var source in _sources.Values)
            {
                if (source is not null) await source.DisposeAsync();
            }
        }
    }

    private async Task<string?> FindAsync(FileIndex file, CancellationToken ct)
    {
        var wanted = content.Info.Files[file];
        foreach (var row in context.Catalogue.Read.Files(wanted.Id, wanted.Length))
        {
            if (row.Copy == content.Torrent.CopyId || await SourceAsync(row.Copy, ct) is not { } source) continue;
            if ((uint)row.File.Value >= (uint)source.Info.Files.Count || !source.State.IsWhole(row.File)) continue;

            return source.State.IsPlaced(row.File) ? source.Layout.Final(row.File) : source.Layout.Staged(row.File);
        }

        return null;
    }

    private async Task<TorrentContent?> SourceAsync(long copy, CancellationToken ct)
    {
        if (_sources.TryGetValue(copy, out var source)) return source;

        try
        {
            source = index.Find(copy) is { } torrent ? await copies.OpenAsync(torrent, ct) : null;
        }
        catch (StoreException)
        {
            source = null; // removed meanwhile
        }

        return _sources[copy] = source;
    }

    private async Task LearnLayerAsync(FileIndex file, string path, CancellationToken ct)
    {
        var geometry = content.Info.Geometry;
        var hashes = new byte[geometry.PieceCountOf(file) * Hash256.Length];
        await context.Hasher.HashAsync(
            new HashPlan(geometry, _ => path),
            geometry.PiecesOf([file]),
            (piece, digest) => digest?.V2.CopyTo(hashes.AsSpan((piece - geometry.FirstPiece(file)) * Hash256.Length)),
            new ProgressMeter(null, 0, context.Clock),
            ct);
        if (content.Layers.TrySet(file, hashes)) content.LayersChanged(file);
    }

    private IEnumerable<PieceIndex> Absent(FileIndex file) =>
        content.Info.Geometry.PiecesOf(file).Where(p => !content.State.IsPresent(p));
}
