using System.Collections.Concurrent;
using Shoal.Core.Geometry;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Content;

/// <summary>Proves everything again that a copy has or ought to have. What is bad is absent from then on; what is right again is present.</summary>
internal sealed class Verification(StoreContext context, TorrentContent content)
{
    private readonly ContentState _state = content.State;

    public async Task<VerifyResult> RunAsync(IProgress<HashProgress>? progress, CancellationToken ct)
    {
        var geometry = content.Info.Geometry;
        var expectsAll = _state.IsMarkedComplete;
        var files = Enumerable.Range(0, content.Info.Files.Count).Select(i => new FileIndex(i)).Where(f => content.Info.Files[f].Length > 0).ToList();
        var before = await context.Workers.RunAsync(_ => files.Select(f => context.Disk.Stat(PathOf(f))).ToList(), ct);
        var (bad, lost, ok) = (new ConcurrentBag<PieceIndex>(), new ConcurrentBag<PieceIndex>(), 0);
        var meter = new ProgressMeter(progress, content.Info.Length, context.Clock);
        await context.Hasher.HashAsync(
            HashPlan.ToProve(content.Info, content.Layers, PathOf),
            geometry.PiecesOf(files),
            (piece, digest) =>
            {
                if (PieceProof.Holds(content.Info, content.Layers, piece, digest))
                {
                    Interlocked.Increment(ref ok);
                    content.SetPresent(piece);
                    return;
                }

                var wasPresent = _state.SetAbsent(piece);
                if (wasPresent) lost.Add(piece);
                if (wasPresent || expectsAll) bad.Add(piece);
            },
            meter,
            ct);
        meter.Finish();
        await context.Workers.RunAsync(_ => EnterStamps(files, before), ct);
        content.RaiseLost(lost);
        await content.SaveNowAsync(ct);
        return new VerifyResult(ok, bad.Count, geometry.PieceCount - ok - bad.Count, [.. bad.SelectMany(p => geometry.FilesOf(p)).Distinct().OrderBy(f => f.Value)]) { BadPieces = [.. bad.OrderBy(p => p.Value)] };
    }

    private string PathOf(FileIndex file) => _state.IsPlaced(file) ? content.Layout.Final(file) : content.Layout.Staged(file);

    private void EnterStamps(List<FileIndex> files, List<DiskEntry?> before)
    {
        for (var i = 0; i < files.Count; i++)
        {
            if (!_state.IsPlaced(files[i]) || !_state.IsWhole(files[i]) || before[i] is not { Kind: DiskEntryKind.File } entry || entry.Stamp == _state.StampOf(files[i])) continue;
            if (context.Disk.Stat(PathOf(files[i])) == entry) _state.Place(files[i], entry.Stamp, isFound: false);
        }
    }
}
