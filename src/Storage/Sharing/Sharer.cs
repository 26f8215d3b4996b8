using System.Collections.Concurrent;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Sharing;

/// <summary>Makes a torrent of files where they lie. Reads each byte once, on all workers, and none whose hash is known.</summary>
internal sealed class Sharer(StoreContext context, CopyIndex index, OpenCopies copies, HashedBuffer buffer, string path, ShareSettings settings, Sharer.CopyFiles? copy)
{
    /// <summary>Hashing a large file is entered every so many bytes: what an interruption can cost.</summary>
    private const long Checkpoint = 256L << 20;

    /// <summary>Makes the store's own copy of files that were hashed; they are in the order of the torrent.</summary>
    public delegate Task<StoredTorrent> CopyFiles(TorrentInfo info, PieceLayers layers, IReadOnlyList<SourceFile> sources, CancellationToken ct);

    private string Name => settings.Name ?? Path.GetFileName(path);

    public async Task<ShareResult> RunAsync(IProgress<HashProgress>? progress, CancellationToken ct)
    {
        if (settings.Name is "" or "." or ".." || settings.Name?.AsSpan().IndexOfAny('/', '\0') >= 0)
        {
            throw new StoreException(StoreErrorCode.InvalidTorrent, $"\"{settings.Name}\" is no name for a torrent: use one without \"/\"", path);
        }

        var hashed = 0L;
        for (var attempt = 0; ; attempt++)
        {
            var isFolder = false;
            var files = await context.Workers.RunAsync(_ => new SourceTree(context.Disk, context.Options.Path, context.Warn).Read(path, out isFolder), ct);
            var geometry = Layout(files);
            var (hashes, known) = await context.Workers.RunAsync(_ => Recall(files, geometry, isFolder), ct);
            var changed = await HashAsync(files, geometry, hashes, isFolder, known, progress, ct);
            hashed += geometry.TotalLength - known;
            if (changed is null) return await EnterAsync(files, geometry, hashes, isFolder, hashed, known, ct);
            if (attempt > 0) throw new StoreException(StoreErrorCode.ChangedWhileHashing, $"{changed} changes while it is being hashed: share it once it holds still", changed);
        }
    }

    private TorrentGeometry Layout(List<SourceFile> files)
    {
        var length = settings.PieceLength ?? TorrentGeometry.DefaultPieceLength(files.Sum(f => f.Stamp.Length));
        if (!TorrentGeometry.TryCreate(length, [], out _))
        {
            throw new StoreException(StoreErrorCode.InvalidTorrent, $"{length} is no piece length: use a power of two from 16 KiB to 512 MiB", path);
        }

        return files.Count <= TorrentInfoReader.MaxFiles && TorrentGeometry.TryCreate(length, files.Select(f => f.Stamp.Length), out var geometry)
            ? geometry
            : throw new StoreException(StoreErrorCode.InvalidTorrent, $"{path} has more files or pieces than one torrent may have: share its folders one by one, or use a larger piece length", path);
    }

    private (HashedFile[] Hashes, long Known) Recall(List<SourceFile> files, TorrentGeometry geometry, bool isFolder)
    {
        var remembered = context.Catalogue.Read.Hashed(path, isFolder);
        var hashes = new HashedFile[files.Count];
        var known = 0L;
        for (var i = 0; i < hashes.Length; i++)
        {
            var file = new FileIndex(i);
            hashes[i] = new HashedFile(files[i], geometry, file, files[i].Stamp.Length > 0 ? remembered.GetValueOrDefault(files[i].Path) : null, settings.IsHybrid);
            if (hashes[i].IsWhole) hashes[i].Finish();
            for (var piece = 0; piece < hashes[i].Count; piece++)
            {
                if (hashes[i].IsKnown(piece)) known += geometry.LengthOf(new PieceIndex(geometry.FirstPiece(file) + piece));
            }
        }

        return (hashes, known);
    }

    /// <returns>A file that changed meanwhile; null if none did.</returns>
    private async Task<string?> HashAsync(List<SourceFile> files, TorrentGeometry geometry, HashedFile[] hashes, bool isFolder, long known, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        var changed = new ConcurrentQueue<string>();
        var sinceCheckpoint = new long[files.Count];
        var meter = new ProgressMeter(progress, geometry.TotalLength, context.Clock);
        meter.Add(known);

        void Found(PieceIndex piece, PieceDigest? digest)
        {
            var file = geometry.FileOf(piece);
            if (digest is null) changed.Enqueue(files[file].Path);
            else if (hashes[file].Set(piece - geometry.FirstPiece(file), digest.Value)) Finish(files[file], hashes[file], changed);
            else if (Interlocked.Add(ref sinceCheckpoint[file], geometry.PieceLength) >= Checkpoint && Interlocked.Exchange(ref sinceCheckpoint[file], 0) >= Checkpoint) buffer.Add(hashes[file].ToRow());
        }

        try
        {
            var isSingle = !isFolder || (files is [{ Elements: [var only] }] && only == Name);
            var plan = new HashPlan(geometry, file => files[file].Path)
            {
                LengthV1 = settings.IsHybrid ? p => isSingle ? geometry.LengthOf(p) : geometry.PieceLength : null,
                IsStrict = true,
            };
            await context.Hasher.HashAsync(plan, Unknown(geometry, hashes), Found, meter, ct);
            meter.Finish();
        }
        finally
        {
            foreach (var file in hashes.Where(h => h.IsPart)) buffer.Add(file.ToRow());
        }

        return changed.TryDequeue(out var first) ? first : null;
    }

    private static Bitfield Unknown(TorrentGeometry geometry, HashedFile[] hashes)
    {
        var pieces = new Bitfield(geometry.PieceCount);
        for (var i = 0; i < hashes.Length; i++)
        {
            var first = geometry.FirstPiece(new FileIndex(i)).Value;
            for (var piece = 0; piece < hashes[i].Count; piece++)
            {
                if (!hashes[i].IsKnown(piece)) pieces.Set(first + piece);
            }
        }

        return pieces;
    }

    private void Finish(SourceFile source, HashedFile hashes, ConcurrentQueue<string> changed)
    {
        hashes.Finish();
        if (context.Disk.Stat(source.RealPath)?.Stamp == source.Stamp) buffer.Add(hashes.ToRow());
        else changed.Enqueue(source.Path);
    }

    private async Task<ShareResult> EnterAsync(List<SourceFile> files, TorrentGeometry geometry, HashedFile[] hashes, bool isFolder, long hashed, long known, CancellationToken ct)
    {
        var name = Name;
        if (name.Length == 0) throw new StoreException(StoreErrorCode.InvalidTorrent, $"{path} has no name of its own: give it one", path);

        TorrentInfo info;
        try
        {
            info = TorrentInfoWriter.Write(name, geometry.PieceLength, files.Select((f, i) => new TorrentFile
            {
                Path = isFolder ? f.Elements : [name],
                Length = f.Stamp.Length,
                Id = hashes[i].Id,
                IsExecutable = f.IsExecutable,
            }), settings.IsPrivate, settings.IsHybrid ? [.. hashes.Select(h => h.PiecesV1!)] : null);
        }
        catch (ArgumentException e)
        {
            throw new StoreException(StoreErrorCode.InvalidTorrent, $"{path} holds names that a torrent cannot have: rename them", path, e);
        }

        var order = files.Select((f, i) => (Key: isFolder ? string.Join('/', f.Elements) : name, i)).ToDictionary(f => f.Key, f => f.i);
        var layers = new PieceLayers(info);
        var stamps = new FileStamp[info.Files.Count];
        var sources = new SourceFile[info.Files.Count];
        for (var i = 0; i < info.Files.Count; i++)
        {
            var from = order[info.Files[i].DisplayPath];
            (stamps[i], sources[i]) = (files[from].Stamp, files[from]);
            if (layers.NeedsLayer(new FileIndex(i))) layers.TrySet(new FileIndex(i), hashes[from].Layer);
        }

        var root = isFolder && info.IsSingleFile ? files[0].Path : path;
        var torrent = copy is null ? await SaveAsync(info, layers, root, stamps, ct) : await copy(info, layers, sources, ct);
        return new ShareResult(torrent, info, layers, hashed, known);
    }

    private async Task<StoredTorrent> SaveAsync(TorrentInfo info, PieceLayers layers, string root, FileStamp[] stamps, CancellationToken ct)
    {
        var (present, placed) = (new Bitfield(info.Geometry.PieceCount), new Bitfield(info.Files.Count));
        present.SetAll();
        placed.SetAll();
        var state = new CopyState(true, info.Length, null, present, new Bitfield(present));
        var places = new CopyPlaces(placed, new Bitfield(placed), stamps);
        var known = index.Find(info.InfoHash.Truncated).Find(t => t.Id == info.InfoHash && t.Path == root);
        if (known is not null)
        {
            if (copies.Peek(known.CopyId) is { } open) open.State.Renew(stamps);
            await context.Catalogue.WriteAsync(
                writer =>
                {
                    writer.AddLayersOfCopy(known.CopyId, info, layers, Enumerable.Range(0, info.Files.Count).Select(i => new FileIndex(i)));
                    writer.SetPlaces(known.CopyId, places);
                    writer.SetState(known.CopyId, state);
                },
                ct);
            if (!await context.Workers.RunAsync(_ => context.Records.Folder.Exists(info.InfoHash), ct)) await context.Records.SaveAsync(info.InfoHash, ct);
            known = known with { Have = info.Length, IsComplete = true };
            index.Set(known);
            return known;
        }

        var added = context.Clock.GetUtcNow();
        var copy = await context.Catalogue.WriteAsync(
            writer =>
            {
                var torrent = writer.AddTorrent(info, added);
                writer.AddLayers(torrent, info, layers, Enumerable.Range(0, info.Files.Count).Select(i => new FileIndex(i)));
                return writer.AddCopy(torrent, info, root, isShared: true, state, places);
            },
            ct);
        var stored = new StoredTorrent
        {
            CopyId = copy,
            Id = info.InfoHash,
            IdV1 = info.InfoHashV1,
            Name = info.Name,
            Length = info.Length,
            Have = info.Length,
            IsComplete = true,
            IsShared = true,
            IsPrivate = info.IsPrivate,
            Path = root,
            Added = added,
        };
        index.Set(stored);
        await context.Records.SaveAsync(info.InfoHash, ct);
        return stored;
    }
}
