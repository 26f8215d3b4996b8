using System.Collections.Concurrent;
using Shoal.Core.Geometry;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Content;

/// <summary>
/// A file did not look as it was entered: it is hashed again. If the bytes are the same only its new time is entered; pieces that are not are lost.
/// </summary>
internal sealed class SourceCheck(StoreContext context, TorrentContent content, FileIndex file)
{
    public async Task RunAsync()
    {
        try
        {
            await CheckAsync(context.Stopping.Token);
            content.State.Trust(file);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The store is being closed; the file stays suspect, and is looked at again when it is next read.
        }
        catch (Exception e)
        {
            Log.Stopped(context.Logger, e); // it stays suspect: nothing of it is served
        }
    }

    private async Task CheckAsync(CancellationToken ct)
    {
        var layout = content.Layout;
        var path = content.State.IsPlaced(file) ? content.Layout.Final(file) : content.Layout.Staged(file);
        context.Files.Close(content, file);
        var before = await StampAsync(path, ct);
        if (content.Layout != layout) return; // it was relocated meanwhile, and proven there
        if (before is null)
        {
            Lose(Pieces(), StoreWarningKind.SourceMissing, path);
            return;
        }

        var bad = new ConcurrentBag<PieceIndex>();
        await context.Hasher.HashAsync(
            HashPlan.ToProve(content.Info, content.Layers, f => content.State.IsPlaced(f) ? content.Layout.Final(f) : content.Layout.Staged(f)),
            content.Info.Geometry.PiecesOf([file]),
            (piece, digest) =>
            {
                if (!PieceProof.Holds(content.Info, content.Layers, piece, digest)) bad.Add(piece);
            },
            new ProgressMeter(null, 0, context.Clock),
            ct);
        var after = await StampAsync(path, ct);
        if (content.Layout != layout) return;
        if (before != after) // it is being written now: nothing of it holds
        {
            Lose(Pieces(), StoreWarningKind.SourceChanged, path);
            return;
        }

        if (content.State.IsPlaced(file)) content.State.Place(file, before.Value, isFound: false);
        if (bad.IsEmpty) content.Touch();
        else Lose(bad, StoreWarningKind.SourceChanged, path);
    }

    private void Lose(IEnumerable<PieceIndex> pieces, StoreWarningKind kind, string path)
    {
        var state = content.State;
        // A download under way fetches the file anew beside what stands there; what is finished loses only what is wrong.
        var lost = !content.Torrent.IsShared && !state.IsMarkedComplete && state.IsPlaced(file)
            ? state.Displace(file)
            : pieces.Where(state.SetAbsent).ToList();
        content.RaiseLost(lost);
        if (lost.Count == 0) return;

        context.Warn(new StoreWarning(kind, path, content.Info.InfoHash, kind == StoreWarningKind.SourceMissing
            ? $"{path} is gone or cannot be read: it is not served any more; put it back, or share it again"
            : $"{path} was changed: what changed is not served any more; share it again to share it as it is now"));
    }

    private IEnumerable<PieceIndex> Pieces() => content.Info.Geometry.PiecesOf(file);

    private Task<FileStamp?> StampAsync(string path, CancellationToken ct) => context.Workers.RunAsync<FileStamp?>(
        _ =>
        {
            try
            {
                using var open = context.Disk.Open(path, FileAccess.Read);
                return open.Stamp;
            }
            catch (Exception e) when (DiskErrors.IsDisk(e))
            {
                return null;
            }
        },
        ct);
}
