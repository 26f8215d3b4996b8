using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Space;

/// <summary>Accepts that a copy stands somewhere else, once every byte of the torrent was proven there. Nothing is changed on the disk, and nothing at all if anything is wrong.</summary>
internal sealed class Relocation(StoreContext context, CopyIndex index, TorrentContent content, string path)
{
    private readonly DiskLayout _layout = new(content.Info, path);
    private readonly HashSet<string> _folders = [];

    public async Task<StoredTorrent> RunAsync(IProgress<HashProgress>? progress, CancellationToken ct)
    {
        var info = content.Info;
        var before = await context.Workers.RunAsync(_ => Look(), ct);
        var wrong = new System.Collections.Concurrent.ConcurrentBag<PieceIndex>();
        var meter = new ProgressMeter(progress, info.Length, context.Clock);
        await context.Hasher.HashAsync(
            HashPlan.ToProve(info, content.Layers, _layout.Final) with { IsStrict = true },
            info.Geometry.PiecesOf(Enumerable.Range(0, info.Files.Count).Select(i => new FileIndex(i)).Where(f => info.Files[f].Length > 0)),
            (piece, digest) =>
            {
                if (!PieceProof.Holds(info, content.Layers, piece, digest)) wrong.Add(piece);
            },
            meter,
            ct);
        ct.ThrowIfCancellationRequested();
        meter.Finish();
        if (!wrong.IsEmpty) throw OtherContent(_layout.Final(info.Geometry.FilesOf(wrong.MinBy(p => p.Value)).First()));

        var after = await context.Workers.RunAsync(_ => Look(), ct);
        for (var i = 0; i < before.Length; i++)
        {
            if (before[i] != after[i]) throw new StoreException(StoreErrorCode.ChangedWhileHashing, $"{_layout.Final(new FileIndex(i))} changes while it is being proven: try again once it holds still", path);
        }

        return await EnterAsync(before, ct);
    }

    private async Task<StoredTorrent> EnterAsync(FileStamp[] stamps, CancellationToken ct)
    {
        var (pieces, files) = (content.Info.Geometry.PieceCount, content.Info.Files.Count);
        Core.Bitfield present = new(pieces), placed = new(files);
        present.SetAll();
        placed.SetAll();
        var old = content.State.CopyPlaces();
        var found = new Core.Bitfield(files);
        for (var i = 0; i < files; i++)
        {
            // what never stood at its name was not brought here: it is the user's, and removing never deletes it
            if (content.Torrent.IsShared || old.Found[i] || !old.Placed[i]) found.Set(i);
        }

        var places = new CopyPlaces(placed, found, stamps);
        var state = new CopyState(true, content.Info.Length, null, present, new Core.Bitfield(present));
        void Write(CatalogueWriter writer)
        {
            writer.MoveCopy(content.Torrent.CopyId, path);
            writer.SetPlaces(content.Torrent.CopyId, places);
            writer.SetState(content.Torrent.CopyId, state);
        }

        try
        {
            await context.Records.ChangeAsync(content.Info.InfoHash, content.Torrent.CopyId, () => context.Catalogue.WriteAsync(Write, ct), ct);
        }
        finally
        {
            content.RecordIsOld();
        }

        var moved = content.Torrent with { Path = path, Have = content.Info.Length, IsComplete = true };
        content.Moved(moved, _layout, places);
        context.Files.CloseAll(content);
        index.Set(moved);
        return moved;
    }

    /// <summary>Every file must stand there itself, and no folder on the way to it may be a link.</summary>
    private FileStamp[] Look()
    {
        try
        {
            var root = context.Disk.Stat(path) ?? throw new StoreException(StoreErrorCode.NotFound, $"{path} does not exist: check the path", path);
            if (root.Kind is DiskEntryKind.Link or DiskEntryKind.Special) throw NotItself(path);
            if (root.Kind != (content.Info.IsSingleFile ? DiskEntryKind.File : DiskEntryKind.Folder)) throw OtherContent(path);

            var stamps = new FileStamp[content.Info.Files.Count];
            for (var i = 0; i < stamps.Length; i++)
            {
                var file = content.Info.Files[i];
                if (file.LinkTarget is not null) continue;

                var at = _layout.Final(new FileIndex(i));
                if (!content.Info.IsSingleFile) CheckFolder(Path.GetDirectoryName(at)!);
                var entry = context.Disk.Stat(at) ?? throw new StoreException(StoreErrorCode.NotFound, $"{at} does not exist: {content.Info.Name} is not all there", at);
                if (entry.Kind is DiskEntryKind.Link or DiskEntryKind.Special) throw NotItself(at);
                if (entry.Kind != DiskEntryKind.File || entry.Stamp.Length != file.Length) throw OtherContent(at);
                stamps[i] = entry.Stamp;
            }

            return stamps;
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Reading(e, path);
        }
    }

    private void CheckFolder(string folder)
    {
        if (folder.Length <= path.Length || !_folders.Add(folder)) return;

        CheckFolder(Path.GetDirectoryName(folder)!);
        if (context.Disk.Stat(folder) is { Kind: not DiskEntryKind.Folder }) throw NotItself(folder);
    }

    private StoreException OtherContent(string at) => new(StoreErrorCode.TargetHoldsOtherContent, $"{at} is not what {content.Info.Name} has there: nothing was changed; name the place where it is, or get it again", at);

    private static StoreException NotItself(string at) => new(StoreErrorCode.TargetHoldsOtherContent, $"{at} is a link or a device: name the place where the files themselves are", at);
}
