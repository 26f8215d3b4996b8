using Shoal.Core.Geometry;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Downloads;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Sharing;

/// <summary>
/// Fills the store's own copy from the files that were just hashed: by reflink where the file system can, else byte by byte, proven on the way. A clone is believed if the file
/// looked before and after as it did when it was hashed.
/// </summary>
/// <param name="sources">One for each file of the torrent, in its order.</param>
/// <param name="checkSpace">Sees that there is room for what cannot be cloned.</param>
internal sealed class SourceCopy(StoreContext context, TorrentContent content, IReadOnlyList<SourceFile> sources, Action<long> checkSpace)
{
    public async Task RunAsync(IProgress<HashProgress>? progress, CancellationToken ct)
    {
        var rest = await context.Workers.RunAsync(_ => Clone(), ct);
        if (rest.Count == 0) return;

        var geometry = content.Info.Geometry;
        var pieces = rest.SelectMany(f => geometry.PiecesOf(f)).Where(p => !content.State.IsPresent(p)).ToList();
        var meter = new ProgressMeter(progress, pieces.Sum(p => (long)geometry.LengthOf(p)), context.Clock);
        await context.Workers.RunAsync(_ => checkSpace(pieces.Sum(p => (long)geometry.LengthOf(p))), ct);
        await new PieceCopy(context, content, meter).RunAsync(pieces.Select(p => new PlacedPiece(p, f => sources[f].RealPath)), ct);
        meter.Finish();
    }

    /// <returns>The files that could not be cloned.</returns>
    private List<FileIndex> Clone()
    {
        var rest = new List<FileIndex>();
        for (var i = 0; i < sources.Count; i++)
        {
            var file = new FileIndex(i);
            if (content.Info.Files[i].Length == 0 || content.State.IsWhole(file)) continue;
            if (rest.Count > 0 || !TryClone(file)) rest.Add(file); // where one cannot be cloned, none can
        }

        return rest;
    }

    private bool TryClone(FileIndex file)
    {
        var (source, staged) = (sources[file], content.Layout.Staged(file));
        try
        {
            if (context.Disk.Stat(staged) is not null) return false; // begun before, without being finished
            if (context.Disk.Stat(source.RealPath)?.Stamp != source.Stamp) return false;

            context.Disk.CreateFolder(Path.GetDirectoryName(staged)!);
            if (!context.Disk.TryClone(source.RealPath, staged)) return false;

            if (context.Disk.Stat(source.RealPath)?.Stamp == source.Stamp && context.Disk.Stat(staged)?.Stamp.Length == source.Stamp.Length)
            {
                foreach (var piece in content.Info.Geometry.PiecesOf(file)) content.State.SetPresent(piece);
                content.Touch();
                return true;
            }

            context.Disk.DeleteFile(staged);
            return false;
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Writing(e, staged);
        }
    }
}
