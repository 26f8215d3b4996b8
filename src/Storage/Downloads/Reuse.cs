using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Runs;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Downloads;

/// <summary>
/// Takes what the store has elsewhere, in any torrent, under any name and at any piece length, by (ID, length): whole files, and of other files those parts of the
/// hash tree that lie somewhere, the largest first. Whatever is found is proven where it is put.
/// </summary>
internal sealed class Reuse(StoreContext context, CopyIndex index, OpenCopies copies, RunIndex runs, TorrentContent content)
{
    private readonly Dictionary<long, TorrentContent?> _sources = [];

    public async Task RunAsync(IEnumerable<FileIndex> files, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        try
        {
            var found = new List<PlacedPiece>();
            foreach (var file in files)
            {
                if (content.Info.Files[file].Id.IsNone || content.State.IsWhole(file)) continue;

                if (await FindAsync(file, ct) is { } path) found.AddRange(await WholeAsync(file, path, ct));
                else found.AddRange(await PartsAsync(file, ct));
            }

            if (found.Count == 0) return;

            var meter = new ProgressMeter(progress, found.Sum(f => (long)content.Info.Geometry.LengthOf(f.Piece)), context.Clock);
            await new PieceCopy(context, content, meter).RunAsync(found, ct);
            meter.Finish();
        }
        finally
        {
            foreach (var source in _sources.Values)
            {
                if (source is not null) await source.DisposeAsync();
            }
        }
    }

    /// <returns>Where the whole file lies; null if nowhere.</returns>
    private async Task<string?> FindAsync(FileIndex file, CancellationToken ct)
    {
        var wanted = content.Info.Files[file];
        foreach (var row in context.Catalogue.Read.Files(wanted.Id, wanted.Length))
        {
            if ((row.Copy == content.Torrent.CopyId && row.File == file) || await SourceAsync(row.Copy, ct) is not { } source) continue;
            if ((uint)row.File.Value < (uint)source.Info.Files.Count && source.State.IsWhole(row.File)) return PathOf(source, row.File);
        }

        return null;
    }

    private async Task<IEnumerable<PlacedPiece>> WholeAsync(FileIndex file, string path, CancellationToken ct)
    {
        if (!content.Layers.IsKnown(file)) await LearnLayerAsync(file, path, ct);
        return content.Layers.IsKnown(file) ? Absent(file).Select(p => new PlacedPiece(p, _ => path)) : [];
    }

    private async Task<List<PlacedPiece>> PartsAsync(FileIndex file, CancellationToken ct)
    {
        var found = new List<PlacedPiece>();
        if (!content.Layers.NeedsLayer(file) || !content.Layers.IsKnown(file)) return found;

        var parts = await context.Workers.RunAsync(_ => Look(file), ct);
        var geometry = content.Info.Geometry;
        var taken = new Bitfield(geometry.PieceCountOf(file));
        foreach (var (first, count, run) in parts)
        {
            if (await SourceAsync(run.Torrent.CopyId, ct) is not { } source || (uint)run.File.Value >= (uint)source.Info.Files.Count) continue;

            var lies = new RunSource(source, run.File, run.Offset, run.Length);
            var path = PathOf(source, run.File);
            var shift = run.Offset - (long)first * geometry.PieceLength;
            for (var i = first; i < first + count; i++)
            {
                var piece = new PieceIndex(geometry.FirstPiece(file) + i);
                if (taken[i] || content.State.IsPresent(piece) || !lies.Has((long)(i - first) * geometry.PieceLength, geometry.LengthOf(piece))) continue;

                taken.Set(i);
                found.Add(new PlacedPiece(piece, _ => path, shift));
            }
        }

        return found;
    }

    /// <summary>Walks down the file's tree and stops where a whole subtree lies in the store; what lies there in part is looked for piece by piece as well.</summary>
    /// <returns>Pieces of the file, from the first on, and where they may lie.</returns>
    private List<(int First, int Count, StoredRun Run)> Look(FileIndex file)
    {
        var geometry = content.Info.Geometry;
        var found = new List<(int, int, StoredRun)>();
        var levels = new List<byte[]> { content.Layers[file].ToArray() };
        while (levels[^1].Length > Hash256.Length) levels.Add(MerkleTree.FoldLayer(levels[^1], geometry.PieceHeight + levels.Count - 1, geometry.PieceHeight + levels.Count));

        var open = new Stack<(int Level, int Index)>([(levels.Count - 1, 0)]);
        while (open.TryPop(out var node))
        {
            var first = node.Index << node.Level;
            var count = Math.Min(1 << node.Level, geometry.PieceCountOf(file) - first);
            if (!Lacks(file, first, count)) continue;

            var length = (long)(count - 1) * geometry.PieceLength + geometry.LengthOf(new PieceIndex(geometry.FirstPiece(file) + first + count - 1));
            var height = geometry.PieceHeight + node.Level;
            var id = new Hash256(levels[node.Level].AsSpan(node.Index * Hash256.Length, Hash256.Length));
            var isWhole = false;
            foreach (var run in runs.Find(id, length))
            {
                if (run.Height != height || run.Have == 0 || IsItself(run, file, (long)first * geometry.PieceLength)) continue;

                found.Add((first, count, run));
                if (isWhole = run.IsWhole) break;
            }

            if (isWhole || node.Level == 0) continue;

            if (((node.Index * 2 + 1) << (node.Level - 1)) < geometry.PieceCountOf(file)) open.Push((node.Level - 1, node.Index * 2 + 1));
            open.Push((node.Level - 1, node.Index * 2));
        }

        return found;
    }

    private bool IsItself(StoredRun run, FileIndex file, long offset) => run.Torrent.CopyId == content.Torrent.CopyId && run.File == file && run.Offset == offset;

    private bool Lacks(FileIndex file, int first, int count)
    {
        var start = content.Info.Geometry.FirstPiece(file) + first;
        for (var i = 0; i < count; i++)
        {
            if (!content.State.IsPresent(new PieceIndex(start + i))) return true;
        }

        return false;
    }

    private static string PathOf(TorrentContent source, FileIndex file) => source.State.IsPlaced(file) ? source.Layout.Final(file) : source.Layout.Staged(file);

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

    /// <summary>Hashes a whole file that lies in larger pieces, or whose layer nobody kept.</summary>
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
