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
    public async Task RunAsync(bool isUnclean, bool provesStaged, CancellationToken ct)
    {
        var unflushed = isUnclean ? _state.TakeUnflushed().ToHashSet() : [];
        var moved = new List<FileIndex>();
        var runs = await context.Workers.RunAsync(_ => Plan(isUnclean, provesStaged, unflushed, moved), ct);
        if (runs.Count > 0)
        {
            await context.Hasher.HashAsync(
                _geometry,
                runs,
                isStrict: false,
                (piece, hash) =>
                {
                    if (hash is not null && content.Layers.IsKnown(piece) && hash == content.Layers[piece].Value) _state.SetPresent(piece);
                },
                new ProgressMeter(null, 0, context.Clock),
                ct);
        }

        await context.Workers.RunAsync(_ => Settle(moved), ct);
        content.Touch();
    }

    private List<FileRun> Plan(bool isUnclean, bool provesStaged, HashSet<PieceIndex> unflushed, List<FileIndex> moved)
    {
        var runs = new List<FileRun>();
        var hasStaging = context.Disk.Stat(content.Layout.StagingRoot) is not null;
        for (var i = 0; i < content.Info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            if (content.Torrent.IsShared && !isUnclean) continue;
            if (content.Info.Files[i].Length == 0)
            {
                if (!provesStaged) PlaceIfMoved(file);
                continue;
            }

            var isPlaced = _state.IsPlaced(file);
            if (isPlaced && !isUnclean) continue;

            var isStaged = hasStaging && IsFile(content.Layout.Staged(file));
            if (isPlaced ? IsFile(content.Layout.Final(file)) : isStaged)
            {
                var path = isPlaced ? content.Layout.Final(file) : content.Layout.Staged(file);
                runs.AddRange(FileRun.Split(_geometry, file, path).Where(r => provesStaged || Pieces(r).Any(unflushed.Contains)));
            }
            else if (isPlaced && isStaged)
            {
                _state.Displace(file);
                runs.AddRange(FileRun.Split(_geometry, file, content.Layout.Staged(file)));
            }
            else
            {
                foreach (var piece in PiecesOf(file)) _state.SetAbsent(piece);
                if (!IsFile(content.Layout.Final(file))) continue;

                moved.Add(file);
                runs.AddRange(FileRun.Split(_geometry, file, content.Layout.Final(file)));
            }
        }

        return runs;
    }

    /// <summary>An empty file that stands at its name now and did not when the download began was made by it.</summary>
    private void PlaceIfMoved(FileIndex file)
    {
        if (_state.IsPlaced(file) || content.Info.Files[file].LinkTarget is not null) return;
        if (context.Disk.Stat(content.Layout.Final(file)) is { Kind: DiskEntryKind.File, Stamp.Length: 0 } entry) _state.Place(file, entry.Stamp, isFound: false);
    }

    private void Settle(List<FileIndex> moved)
    {
        foreach (var file in moved)
        {
            var path = content.Layout.Final(file);
            if (_state.IsWhole(file) && context.Disk.Stat(path) is { Kind: DiskEntryKind.File } entry && entry.Stamp.Length == content.Info.Files[file].Length)
            {
                _state.Place(file, entry.Stamp, isFound: false);
                continue;
            }

            foreach (var piece in PiecesOf(file)) _state.SetAbsent(piece); // something else stands there
        }
    }

    private bool IsFile(string path) => context.Disk.Stat(path) is { Kind: DiskEntryKind.File };

    private IEnumerable<PieceIndex> PiecesOf(FileIndex file) =>
        Enumerable.Range(_geometry.FirstPiece(file), _geometry.PieceCountOf(file)).Select(p => new PieceIndex(p));

    private static IEnumerable<PieceIndex> Pieces(FileRun run) => Enumerable.Range(run.First, run.Count).Select(p => new PieceIndex(p));
}
