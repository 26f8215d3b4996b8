using System.Collections.Concurrent;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Downloads;

/// <summary>
/// Looks at what stands where a download is to go, before anything is changed: what is the content already, what is something else. Links inside the
/// target are never followed.
/// </summary>
internal sealed class TargetCheck(StoreContext context, TorrentInfo info, PieceLayers layers, DiskLayout layout, bool overwrites)
{
    private readonly HashSet<string> _folders = [];

    /// <summary>Files that stand there whole, with how they look.</summary>
    public Dictionary<FileIndex, FileStamp> Whole { get; } = [];

    /// <summary>Pieces of the content in files that are something else as a whole; found only if those are to be replaced.</summary>
    public ConcurrentBag<PieceIndex> Usable { get; } = [];

    /// <summary>Files whose layer was not known and came to light.</summary>
    public List<FileIndex> NewLayers { get; } = [];

    /// <param name="unchanged">Files known to stand there as entered, with how they looked then; not read again if they still do.</param>
    public async Task RunAsync(IReadOnlyDictionary<FileIndex, FileStamp> unchanged, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        var candidates = await context.Workers.RunAsync(_ => Look(unchanged), ct);
        if (candidates.Count == 0) return;

        var hashes = candidates.Keys.ToDictionary(f => f, f => new byte[info.Geometry.PieceCountOf(f) * Hash256.Length]);
        var meter = new ProgressMeter(progress, candidates.Keys.Sum(info.Geometry.FileLength), context.Clock);
        await context.Hasher.HashAsync(
            info.Geometry,
            candidates.Keys.SelectMany(f => FileRun.Split(info.Geometry, f, layout.Final(f))),
            isStrict: true,
            (piece, hash) =>
            {
                var file = info.Geometry.FileOf(piece);
                hash?.CopyTo(hashes[file].AsSpan((piece - info.Geometry.FirstPiece(file)) * Hash256.Length));
            },
            meter,
            ct);
        meter.Finish();
        await context.Workers.RunAsync(_ => Judge(candidates, hashes), ct);
    }

    private Dictionary<FileIndex, FileStamp> Look(IReadOnlyDictionary<FileIndex, FileStamp> unchanged)
    {
        var candidates = new Dictionary<FileIndex, FileStamp>();
        var root = context.Disk.Stat(layout.Root);
        if (root is null) return candidates;
        if (!info.IsSingleFile && root.Kind != DiskEntryKind.Folder) throw Targets.InTheWay(layout.Root);

        for (var i = 0; i < info.Files.Count; i++)
        {
            var (file, path) = (new FileIndex(i), layout.Final(new FileIndex(i)));
            if (!info.IsSingleFile) CheckFolder(Path.GetDirectoryName(path)!);

            var entry = context.Disk.Stat(path);
            if (entry is null) continue;
            if (entry.Kind == DiskEntryKind.Folder) throw Targets.InTheWay(path);
            if (info.Files[i].LinkTarget is not null)
            {
                if (!overwrites && (entry.Kind != DiskEntryKind.Link || entry.LinkTarget != layout.LinkText(file))) throw Targets.OtherContent(path);
                continue;
            }

            if (entry.Kind == DiskEntryKind.File && (info.Files[i].Length == 0 ? entry.Stamp.Length == 0 : unchanged.TryGetValue(file, out var stamp) && stamp == entry.Stamp)) Whole[file] = entry.Stamp;
            else if (!overwrites && (entry.Kind != DiskEntryKind.File || entry.Stamp.Length != info.Files[i].Length)) throw Targets.OtherContent(path);
            else if (entry.Kind == DiskEntryKind.File && info.Files[i].Length > 0) candidates[file] = entry.Stamp;
        }

        return candidates;
    }

    private void CheckFolder(string folder)
    {
        if (folder.Length <= layout.Root.Length || !_folders.Add(folder)) return;

        CheckFolder(Path.GetDirectoryName(folder)!);
        if (context.Disk.Stat(folder) is { Kind: not DiskEntryKind.Folder }) throw Targets.InTheWay(folder);
    }

    private void Judge(Dictionary<FileIndex, FileStamp> candidates, Dictionary<FileIndex, byte[]> hashes)
    {
        foreach (var (file, stamp) in candidates)
        {
            if (!layers.IsKnown(file) && layers.TrySet(file, hashes[file])) NewLayers.Add(file);

            var right = layers.IsKnown(file) ? Right(file, hashes[file]) : [];
            var isWhole = right.Count == info.Geometry.PieceCountOf(file) && stamp.Length == info.Files[file].Length;
            if (isWhole && context.Disk.Stat(layout.Final(file))?.Stamp == stamp)
            {
                Whole[file] = stamp;
                continue;
            }

            if (!overwrites) throw Targets.OtherContent(layout.Final(file));
            foreach (var piece in right) Usable.Add(piece);
        }
    }

    private List<PieceIndex> Right(FileIndex file, byte[] hashes)
    {
        var right = new List<PieceIndex>();
        for (var i = 0; i < info.Geometry.PieceCountOf(file); i++)
        {
            var piece = new PieceIndex(info.Geometry.FirstPiece(file) + i);
            if (layers[piece].Value == new Hash256(hashes.AsSpan(i * Hash256.Length, Hash256.Length))) right.Add(piece);
        }

        return right;
    }
}
