using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Node.Events;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>Says what the store has under an ID: a torrent, a file or a chunk, and where.</summary>
internal sealed class FindLocalCommand(NodeServices services, Reporter reporter)
{
    public ExitCode Run(FindLocalRequest request, CancellationToken ct)
    {
        var (torrents, runs) = Find(request.Id);
        foreach (var torrent in torrents)
        {
            reporter.Report(new ItemEvent("torrent", torrent.Id.ToString(), torrent.Name, torrent.Length, torrent.Have) { Path = torrent.Path, Torrent = torrent.Id.ToString() });
        }

        foreach (var run in runs)
        {
            ct.ThrowIfCancellationRequested();
            reporter.Report(Describe(run));
        }

        if (torrents.Count + runs.Count > 0) return ExitCode.Done;

        reporter.Report(new ErrorEvent("not-held", $"The store does not hold {request.Id}, nor any part of it. 'shoal list --files' and '--chunks' show the IDs of what it holds, 'shoal find' without --local asks others."));
        return ExitCode.NobodyHasIt;
    }

    private (IReadOnlyList<StoredTorrent> Torrents, IReadOnlyList<StoredRun> Runs) Find(string text)
    {
        if (Hash256.TryParse(text, out var id)) return (services.Store.FindCopies(new InfoHash(id)), services.Store.FindRuns(id));
        if (MagnetLink.TryReadV1(text, out var v1)) return (services.Store.FindCopies(new InfoHash(v1)), []);

        throw new ShoalException("bad-link", $"{text} is no ID. One is 64 hexadecimal digits, or 40 in v1, or a link.");
    }

    private ItemEvent Describe(StoredRun run)
    {
        var path = services.Store.ReadInfo(run.Torrent).Files[run.File].DisplayPath;
        var (torrent, id) = (run.Torrent.Id.ToString(), run.Id.ToString());
        if (run.Kind == RunKind.File) return new ItemEvent("file", id, path, run.Length, run.Have) { Path = run.Path, Torrent = torrent };

        var number = run.Offset / ((long)TorrentGeometry.BlockLength << run.Height);
        return new ItemEvent("chunk", id, $"{path} #{number}", run.Length, run.Have) { Path = run.Path, Torrent = torrent, Offset = run.Offset };
    }
}
