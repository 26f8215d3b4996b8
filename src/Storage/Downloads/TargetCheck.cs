using System.Collections.Concurrent;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Downloads;

/// <summary>
/// Looks at what stands where the wanted files are to go, before anything is changed: what is the content already, what is something else. Links inside the
/// target are never followed.
/// </summary>
internal sealed class TargetCheck(StoreContext context, TorrentInfo info, PieceLayers layers, DiskLayout layout, Selection only, bool overwrites)
{
    private readonly HashSet<string> _folders = [];

    /// <summary>Files that stand there whole, with how they look.</summary>
    public Dictionary<FileIndex, FileStamp> Whole { get; } = [];

    /// <summary>Pieces of the content in files that are something else as a whole; found only if those are to be replaced.</summary>
    public ConcurrentBag<PieceIndex> Usable { get; } = [];

    /// <summary>What the pieces hashed to of files that are something else as a whole and whose layer is not known; found only if those are to be replaced.</summary>
    public Dictionary<FileIndex, Dictionary<PieceIndex, PieceDigest>> Unjudged { get; } = [];

    /// <summary>Files whose layer was not known and came to light.</summary>
    public List<FileIndex> NewLayers { get; } = [];

    /// <param name="unchanged">Files known to stand there as entered, with how they looked then; not read again if they still do.</param>
    public async Task RunAsync(IReadOnlyDictionary<FileIndex, FileStamp> unchanged, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        var candidates = await context.Workers.RunAsync(_ => Look(unchanged), ct);
        if (candidates.Count == 0) return;

        var found = new ConcurrentDictionary<PieceIndex, PieceDigest>();
        var meter = new ProgressMeter(progress, candidates.Keys.Sum(info.Geometry.FileLength), context.Clock);
        await context.Hasher.HashAsync(
            HashPlan.ToProve(info, layers, f => candidates.ContainsKey(f) || Whole.ContainsKey(f) ? layout.Final(f) : null) with { IsStrict = true },
            info.Geometry.PiecesOf(candidates.Keys),
            (piece, digest) =>
            {
                if (digest is { } readable) found[piece] = readable;
            },
            meter,
            ct);
        meter.Finish();
        await context.Workers.RunAsync(_ => Judge(candidates, found), ct);
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
            if (!only.Contains(file))
            {
                if (unchanged.TryGetValue(file, out var before) && context.Disk.Stat(path) is { Kind: DiskEntryKind.File } there && there.Stamp == before) Whole[file] = before;
                continue;
            }

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

    private void Judge(Dictionary<FileIndex, FileStamp> candidates, ConcurrentDictionary<PieceIndex, PieceDigest> found)
    {
        var usable = new HashSet<PieceIndex>();
        foreach (var (file, stamp) in candidates)
        {
            if (!layers.IsKnown(file) && layers.TrySet(file, LayerOf(file, found))) NewLayers.Add(file);

            var (right, wrong) = (new List<PieceIndex>(), 0);
            foreach (var piece in info.Geometry.PiecesOf(file))
            {
                if (!found.TryGetValue(piece, out var digest)) continue; // a piece of v1, of which another file is not here
                if (PieceProof.Holds(info, layers, piece, digest)) right.Add(piece);
                else wrong++;
            }

            usable.UnionWith(right);
            if (!layers.IsKnown(file) && overwrites) Unjudged[file] = info.Geometry.PiecesOf(file).Where(found.ContainsKey).ToDictionary(p => p, p => found[p]);
            var hasLength = stamp.Length == info.Files[file].Length;
            if (hasLength && right.Count == info.Geometry.PieceCountOf(file) && context.Disk.Stat(layout.Final(file))?.Stamp == stamp)
            {
                Whole[file] = stamp;
                continue;
            }

            // what cannot be proven without its neighbours is fetched beside it, and compared in the end
            var mayBeRight = hasLength && wrong == 0 && !info.Geometry.IsAligned;
            if (!overwrites && !mayBeRight) throw Targets.OtherContent(layout.Final(file));
        }

        foreach (var piece in usable.Where(p => info.Geometry.FilesOf(p).Any(f => !Whole.ContainsKey(f)))) Usable.Add(piece);
    }

    private byte[] LayerOf(FileIndex file, ConcurrentDictionary<PieceIndex, PieceDigest> found)
    {
        var layer = new byte[info.Geometry.PieceCountOf(file) * Hash256.Length];
        var at = 0;
        foreach (var piece in info.Geometry.PiecesOf(file))
        {
            if (found.TryGetValue(piece, out var digest)) digest.V2.CopyTo(layer.AsSpan(at));
            at += Hash256.Length;
        }

        return layer;
    }
}
