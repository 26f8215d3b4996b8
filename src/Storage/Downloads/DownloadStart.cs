using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Runs;
using Shoal.Storage.Sharing;
using Shoal.Storage.Space;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Downloads;

/// <summary>Begins a download or goes on with one: everything that need not be fetched is found before the first block is.</summary>
internal sealed class DownloadStart(StoreContext context, CopyIndex index, OpenCopies copies, RunIndex runs, Ledger ledger, TorrentInfo info, PieceLayers layers, DiskLayout layout, DownloadSettings settings)
{
    private readonly Selection _only = settings.Only ?? Selection.All(info.Geometry);
    private long _needed; // bytes that are yet to come

    public async Task<TorrentContent> RunAsync(IProgress<HashProgress>? progress, CancellationToken ct)
    {
        layout.RefuseCollisions();
        await context.Workers.RunAsync(_ => RefuseStore(), ct);
        if (layers.Missing > 0) await context.Workers.RunAsync(_ => LearnLayers(), ct);
        var known = index.Find(info.InfoHash.Truncated).Find(t => t.Id == info.InfoHash && t.Path == layout.Root);
        return known is null ? await BeginAsync(progress, ct) : await ResumeAsync(known, progress, ct);
    }

    private async Task<TorrentContent> BeginAsync(IProgress<HashProgress>? progress, CancellationToken ct)
    {
        var target = new TargetCheck(context, info, layers, layout, _only, settings.Overwrite);
        await target.RunAsync(new Dictionary<FileIndex, FileStamp>(), progress, ct);
        await context.Workers.RunAsync(_ => Prepare(target), ct);

        var (pieces, files) = (info.Geometry.PieceCount, info.Files.Count);
        var row = new CopyRow(
            info,
            layers,
            new CopyState(false, 0, null, new Bitfield(pieces), new Bitfield(pieces)),
            new CopyPlaces(new Bitfield(files), new Bitfield(files), new FileStamp[files]));
        var draft = new ContentState(info, context.BootId, row.State, row.Places);
        Enter(draft, target, piece => draft.SetPresent(piece));
        row = row with { State = draft.SaveState(), Places = draft.CopyPlaces() };
        var added = context.Clock.GetUtcNow();
        var copy = await context.Catalogue.WriteAsync(
            writer =>
            {
                var torrent = writer.AddTorrent(info, added);
                writer.AddLayers(torrent, info, layers, Enumerable.Range(0, files).Select(i => new FileIndex(i)));
                return writer.AddCopy(torrent, info, layout.Root, isShared: false, row.State, row.Places);
            },
            ct);
        var stored = new StoredTorrent
        {
            CopyId = copy,
            Id = info.InfoHash,
            IdV1 = info.InfoHashV1,
            Name = info.Name,
            Length = info.Length,
            Have = row.State.Have,
            IsComplete = false,
            IsShared = false,
            IsPrivate = info.IsPrivate,
            Path = layout.Root,
            Added = added,
        };
        index.Set(stored);
        var content = copies.Add(new TorrentContent(context, stored, row, copies.Close));
        var isBegun = false;
        try
        {
            await FillAsync(content, target, provesStaged: true, progress, ct);
            await context.Records.SaveAsync(info.InfoHash, ct);
            isBegun = true;
            return content;
        }
        finally
        {
            if (!isBegun) await content.DisposeAsync();
        }
    }

    private async Task<TorrentContent> ResumeAsync(StoredTorrent known, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        var content = await copies.OpenAsync(known, ct);
        var isBegun = false;
        try
        {
            AdoptLayers(content);
            var found = content.State.CopyPlaces().Found.ToArray();
            var placed = new Dictionary<FileIndex, FileStamp>();
            for (var i = 0; i < info.Files.Count; i++)
            {
                var file = new FileIndex(i);
                if (content.State.IsPlaced(file) && content.State.IsWhole(file)) placed[file] = content.State.StampOf(file);
            }

            var target = new TargetCheck(context, info, content.Layers, layout, _only, settings.Overwrite && (!known.IsShared || settings.MendsShared));
            await target.RunAsync(placed, progress, ct);
            foreach (var file in target.NewLayers) content.LayersChanged(file);

            Enter(content.State, target, content.SetPresent);
            foreach (var file in _only.Files)
            {
                if (!content.State.IsPlaced(file) || target.Whole.ContainsKey(file)) continue;
                if (known.IsShared && !settings.MendsShared) throw new StoreException(StoreErrorCode.NotFound, $"{layout.Final(file)} was shared and is gone: put it back, or get it into another folder", layout.Final(file));
                content.RaiseLost(content.State.Displace(file));
            }

            if (content.State.IsComplete)
            {
                content.Reused(_only.Length);
            }
            else
            {
                await context.Workers.RunAsync(_ => CheckRoom(_only.Length - _only.LengthOf(content.CopyPresent()), isMended: known.IsShared), ct);
                await FillAsync(content, target, provesStaged: false, progress, ct);
            }

            if (!content.State.IsComplete || !content.State.CopyPlaces().Found.ToArray().AsSpan().SequenceEqual(found))
            {
                await content.SaveNowAsync(ct);
                await context.Records.SaveAsync(info.InfoHash, ct); // whatever an earlier run could not write any more
            }

            isBegun = true;
            return content;
        }
        finally
        {
            if (!isBegun) await content.DisposeAsync();
        }
    }

    private async Task FillAsync(TorrentContent content, TargetCheck target, bool provesStaged, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        content.Overwrites = settings.Overwrite;
        content.Reserved = ledger.Of(content.Torrent) + _needed;
        if (provesStaged) await new Restore(context, content).RunAsync(isUnclean: false, provesStaged: true, ct);
        if (settings.Sources is { } sources) await new SourceCopy(context, content, sources, CheckSpace).RunAsync(progress, ct);
        if (!target.Usable.IsEmpty)
        {
            var usable = target.Usable.Where(p => !content.State.IsPresent(p)).ToList();
            var meter = new ProgressMeter(progress, usable.Sum(p => (long)info.Geometry.LengthOf(p)), context.Clock);
            await new PieceCopy(context, content, meter).RunAsync(usable.Select(p => new PlacedPiece(p, layout.Final)), ct);
        }

        if (index.Count > 1) await new Reuse(context, index, copies, runs, content).RunAsync(_only.Files, progress, ct);
        if (content.Layers.Missing > 0 && info.HasV2 && (index.Count > 1 || target.Unjudged.Count > 0)) content.FindMore = (file, stop) => FindMoreAsync(content, target, file, stop);
        await content.SaveNowAsync(ct);
        content.Reused(_only.LengthOf(content.CopyPresent()));
    }

    /// <summary>A layer came from peers, so that what stands at the target, and parts of the file elsewhere, can be told.</summary>
    private async Task FindMoreAsync(TorrentContent content, TargetCheck target, FileIndex file, CancellationToken ct)
    {
        if (target.Unjudged.TryGetValue(file, out var digests))
        {
            var right = digests.Where(d => !content.State.IsPresent(d.Key) && PieceProof.Holds(info, content.Layers, d.Key, d.Value)).Select(d => new PlacedPiece(d.Key, layout.Final)).ToList();
            await new PieceCopy(context, content, new ProgressMeter(null, 0, context.Clock)).RunAsync(right, ct);
        }

        if (index.Count > 1) await new Reuse(context, index, copies, runs, content).RunAsync([file], null, ct);
    }

    /// <summary>Layers need not be asked of peers that some torrent held has: this one in another place, or another with the same file.</summary>
    private void LearnLayers()
    {
        foreach (var (file, layer) in context.Catalogue.Read.Layers(info.InfoHash))
        {
            if ((uint)file.Value < (uint)info.Files.Count) layers.TrySet(file, layer);
        }

        for (var i = 0; i < info.Files.Count && layers.Missing > 0; i++)
        {
            var file = new FileIndex(i);
            if (!layers.IsKnown(file) && runs.LayerOf(info.Files[i].Id, info.Files[i].Length, info.Geometry.PieceHeight) is { } layer) layers.TrySet(file, layer);
        }
    }

    private void Enter(ContentState state, TargetCheck target, Action<PieceIndex> setPresent)
    {
        foreach (var (file, stamp) in target.Whole)
        {
            state.Place(file, stamp, isFound: !state.IsPlaced(file) || state.WasFound(file));
            foreach (var piece in info.Geometry.PiecesOf(file))
            {
                if (info.Geometry.IsAligned || info.Geometry.FilesOf(piece).All(target.Whole.ContainsKey)) setPresent(piece);
            }
        }
    }

    private void AdoptLayers(TorrentContent content)
    {
        if (ReferenceEquals(content.Layers, layers)) return;

        for (var i = 0; i < info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            if (content.Layers.IsKnown(file) || !layers.IsKnown(file)) continue;
            if (content.Layers.TrySet(file, layers[file].Span)) content.LayersChanged(file);
        }
    }

    /// <summary>Sees that there is room and that the folder can be written, which makes the folder of the unfinished download.</summary>
    private void Prepare(TargetCheck target)
    {
        var needed = 0L;
        var hasStaging = context.Disk.Stat(layout.StagingRoot) is not null;
        foreach (var file in _only.Files)
        {
            if (target.Whole.ContainsKey(file)) continue;
            needed += info.Files[file].Length - (hasStaging && context.Disk.Stat(layout.Staged(file)) is { Kind: DiskEntryKind.File } entry ? Math.Min(entry.Stamp.Length, info.Files[file].Length) : 0);
        }

        CheckRoom(needed, isMended: false);
        if (_only.Files.All(target.Whole.ContainsKey)) return;

        try
        {
            var disk = context.Disk.Within(layout.Folder);
            disk.CreateFolder(layout.Staging);
            try
            {
                new FoldCheck(disk, layout).Run();
            }
            catch (StoreException)
            {
                disk.TryDeleteFolder(layout.Staging);
                throw;
            }
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Writing(e, layout.Folder);
        }
    }

    /// <summary>A torrent could name a file that the catalogue is, or would be read with (<c>catalogue.db-journal</c>).</summary>
    private void RefuseStore()
    {
        if (context.Disk.Stat(layout.Folder) is null) return;

        var (folder, store) = (RealPaths.Resolve(context.Disk, layout.Folder), RealPaths.Resolve(context.Disk, context.Options.Path));
        if (folder is null || store is null) return;
        if (DiskNames.Comparer.Equals(folder, store) || DiskNames.Comparer.Equals(folder, Path.Join(store, Path.GetFileName(context.Records.Folder.Path))))
        {
            throw new StoreException(StoreErrorCode.TargetHoldsOtherContent, $"{layout.Folder} is the store's own folder: choose another one for what is fetched", layout.Folder);
        }
    }

    /// <summary>Before the first byte.</summary>
    private void CheckRoom(long needed, bool isMended)
    {
        if (!isMended) ledger.Check(_needed = needed, layout.Root);
        if (settings.Sources is null) CheckSpace(needed); // what can be cloned takes none
    }

    private void CheckSpace(long needed)
    {
        var folder = layout.Folder;
        while (context.Disk.Stat(folder) is null && Path.GetDirectoryName(folder) is { } above) folder = above;

        long free;
        try
        {
            free = context.Disk.FreeSpace(folder);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e) || e is ArgumentException)
        {
            return; // some file systems do not say; a full disk then shows when it is written to
        }

        if (free < needed)
        {
            throw new StoreException(StoreErrorCode.NoSpace, $"{layout.Folder} has not enough space: {needed:N0} bytes are needed and {free:N0} are free. Make room, or choose another folder.", layout.Folder);
        }
    }
}
