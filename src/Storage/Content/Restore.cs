using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Content;

/// <summary>
/// Brings what a copy believes in line with the disk when it is opened: after a start of the machine what was not flushed is proven again; a file
/// that is not where it was, since a move to its name was cut short, is proven where it is.
/// </summary>
internal sealed class Restore(StoreContext context, TorrentContent content)
{
    private readonly ContentState _state = content.State;
    private readonly TorrentGeometry _geometry = content.Info.Geometry;

    /// <param name="isUnclean">Whether the machine was started anew since the copy was last entered.</param>
    /// <param name="provesStaged">Whether everything in staging is proven: the catalogue knows nothing of it.</param>
    /// <param name="isGuessed">Whether what stands at a final name may be somebody else's.</param>
    public async Task RunAsync(bool isUnclean, bool provesStaged, CancellationToken ct, bool isGuessed = false)
    {
        var unflushed = isUnclean ? _state.TakeUnflushed().ToHashSet() : [];
        var moved = new HashSet<FileIndex>();
        var doubtful = await context.Workers.RunAsync(_ => Plan(isUnclean, provesStaged, unflushed, moved), ct);
        if (!doubtful.IsEmpty)
        {
            await context.Hasher.HashAsync(
                HashPlan.ToProve(content.Info, content.Layers, f => _state.IsPlaced(f) || moved.Contains(f) ? content.Layout.Final(f) : content.Layout.Staged(f)),
                doubtful,
                (piece, digest) =>
                {
                    if (PieceProof.Holds(content.Info, content.Layers, piece, digest)) _state.SetPresent(piece);
                },
                new ProgressMeter(null, 0, context.Clock),
                ct);
        }

        await context.Workers.RunAsync(_ => Settle(moved, isGuessed), ct);
        if (isUnclean && _state.IsComplete && !content.Torrent.IsShared) await context.Workers.RunAsync(_ => DropStaging(), ct);
        content.Touch();
    }

    /// <returns>The pieces to be proven.</returns>
    private Bitfield Plan(bool isUnclean, bool provesStaged, HashSet<PieceIndex> unflushed, HashSet<FileIndex> moved)
    {
        var doubtful = new Bitfield(_geometry.PieceCount);
        var hasStaging = context.Disk.Stat(content.Layout.StagingRoot) is not null;
        for (var i = 0; i < content.Info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            if (content.Torrent.IsShared && !isUnclean && _state.IsPlaced(file)) continue;
            if (content.Info.Files[i].Length == 0)
            {
                if (!provesStaged || isUnclean) PlaceIfMoved(file);
                continue;
            }

            var isPlaced = _state.IsPlaced(file);
            if (isPlaced && !isUnclean) continue;

            var isStaged = hasStaging && IsFile(content.Layout.Staged(file));
            if (isPlaced ? IsFile(content.Layout.Final(file)) : isStaged)
            {
                foreach (var piece in _geometry.PiecesOf(file))
                {
                    if (provesStaged || unflushed.Contains(piece)) doubtful.Set(piece);
                }
            }
            else if (isPlaced && isStaged)
            {
                _state.Displace(file);
                foreach (var piece in _geometry.PiecesOf(file)) doubtful.Set(piece);
            }
            else
            {
                foreach (var piece in _geometry.PiecesOf(file)) _state.SetAbsent(piece);
                if (!IsFile(content.Layout.Final(file))) continue;

                moved.Add(file);
                foreach (var piece in _geometry.PiecesOf(file)) doubtful.Set(piece);
            }
        }

        return doubtful;
    }

    /// <summary>An empty file that stands at its name now and did not when the download began was made by it.</summary>
    private void PlaceIfMoved(FileIndex file)
    {
        if (_state.IsPlaced(file) || content.Info.Files[file].LinkTarget is not null) return;
        if (context.Disk.Stat(content.Layout.Final(file)) is { Kind: DiskEntryKind.File, Stamp.Length: 0 } entry) _state.Place(file, entry.Stamp, isFound: false);
    }

    private void Settle(HashSet<FileIndex> moved, bool isGuessed)
    {
        if (isGuessed && !content.Torrent.IsShared) Disown();
        foreach (var file in moved)
        {
            var path = content.Layout.Final(file);
            if (_state.IsWhole(file) && context.Disk.Stat(path) is { Kind: DiskEntryKind.File } entry && entry.Stamp.Length == content.Info.Files[file].Length)
            {
                _state.Place(file, entry.Stamp, isFound: false);
                continue;
            }

            foreach (var piece in _geometry.PiecesOf(file)) _state.SetAbsent(piece); // something else stands there
        }
    }

    /// <summary>A file that is not what was fetched is the user's: it is neither counted as ours nor deleted with the rest. What stood there before was the user's anyway.</summary>
    private void Disown()
    {
        for (var i = 0; i < content.Info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            if (_state.IsPlaced(file) && !_state.IsWhole(file)) _state.Displace(file);
        }
    }

    /// <summary>The power may have undone that the empty folder of a finished download was deleted.</summary>
    private void DropStaging()
    {
        try
        {
            content.Disk.TryDeleteFolder(content.Layout.Staging);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            // it is empty and does no harm, and what is done is served from a disk that cannot be written too
        }
    }

    private bool IsFile(string path) => context.Disk.Stat(path) is { Kind: DiskEntryKind.File };
}
