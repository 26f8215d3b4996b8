using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Node.Events;
using Shoal.Node.Torrents;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>What needs the store alone: list, verify, remove.</summary>
internal sealed class StoreCommands(NodeServices services, Reporter reporter)
{
    public async Task<ExitCode> ListAsync(ListRequest request, CancellationToken ct)
    {
        foreach (var torrent in services.Store.List())
        {
            reporter.Report(new ItemEvent("torrent", torrent.Id.ToString(), torrent.Name, torrent.Length, torrent.Have) { Path = torrent.Path, Pinned = services.Store.IsPinned(torrent.Id) });
            if (!request.Files && !request.Chunks) continue;

            await using var content = await services.Store.OpenAsync(torrent, ct);
            ListFiles(content, request.Chunks);
        }

        return ExitCode.Done;
    }

    public async Task<ExitCode> VerifyAsync(VerifyRequest request, CancellationToken ct)
    {
        var (bad, spared, ended) = (0L, 0L, ExitCode.Done);
        foreach (var torrent in Select(services.Store, request.Id))
        {
            var result = await services.Store.VerifyAsync(torrent, new HashingReport(torrent.Path, reporter, services.Options.Clock), ct);
            reporter.Report(Describe(torrent, result));
            if (result.Bad == 0) continue;

            if (!request.Repair) bad += result.Bad;
            else if (torrent.IsShared && !request.Shared) spared += result.Bad;
            else if (await new Repair(services, request, reporter).RunAsync(torrent, result.BadPieces, ct) is not ExitCode.Done and var code) ended = code;
        }

        if (spared > 0)
        {
            reporter.Report(new ErrorEvent("corrupt", $"{spared} piece(s) of shared files are not what they were and are not served any more. Those files are yours and were left alone: --shared puts them back as they were shared, 'shoal share' shares them as they are now."));
            return ExitCode.Corrupt;
        }

        if (ended != ExitCode.Done) return ended;

        if (bad == 0) return ExitCode.Done;

        reporter.Report(new ErrorEvent("corrupt", $"{bad} piece(s) are not what they were and are not served any more. 'shoal verify --repair' fetches them."));
        return ExitCode.Corrupt;
    }

    public async Task<ExitCode> RemoveAsync(RemoveRequest request, CancellationToken ct)
    {
        foreach (var torrent in Select(services.Store, request.Id))
        {
            if (services.Serving is { } serving) await serving.DropAsync(torrent.Id);
            if (services.Swarms is { } swarms && await swarms.IsWantedAsync(torrent.Id))
            {
                throw new ShoalException("in-use", $"{torrent.Name} is being shared or fetched by another command on this store just now. Stop that command first, then remove it.");
            }

            await services.Store.RemoveAsync(torrent, request.DeleteFiles, ct);
            reporter.Report(new RemovedEvent(torrent.Id.ToString(), torrent.Name, !torrent.IsShared && (request.DeleteFiles || services.Store.IsOwn(torrent))));
        }

        return ExitCode.Done;
    }

    /// <summary>Every copy of one torrent, or all that the store holds.</summary>
    public static List<StoredTorrent> Select(Store store, string? text)
    {
        if (text is null) return [.. store.List()];

        if (MagnetLink.TryParse(text, out var link)) text = link.InfoHash?.ToString() ?? link.InfoHashV1!.Value.ToString();
        if (!InfoHash.TryParse(text, out var id)) throw new ShoalException("bad-link", $"{text} is no ID. One is 64 hexadecimal digits, or 40 in v1, or a link.");

        var copies = store.List().Where(t => t.Id == id || (id.IsV1 && t.IdV1 == id.Truncated)).ToList();
        return copies.Count > 0 ? copies : throw new ShoalException("not-held", $"The store does not hold {id}. 'shoal list' shows what it holds.");
    }

    private VerifiedEvent Describe(StoredTorrent torrent, VerifyResult result)
    {
        const int Told = 1000; // of one file
        var verified = new VerifiedEvent(torrent.Id.ToString(), result.Ok, result.Bad);
        if (result.Bad == 0) return verified;

        var info = services.Store.ReadInfo(torrent);
        var byFile = result.BadPieces.SelectMany(p => info.Geometry.FilesOf(p).Distinct().Select(f => (File: f, Piece: p.Value))).ToLookup(b => b.File, b => b.Piece);
        return verified with
        {
            Path = torrent.Path,
            Files = [.. result.BadFiles.Select(f => new BadFileItem(info.Files[f].DisplayPath, byFile[f].Count(), [.. byFile[f].Take(Told)]))],
        };
    }

    private void ListFiles(TorrentContent content, bool chunks)
    {
        var geometry = content.Info.Geometry;
        var present = content.CopyPresent();
        for (var i = 0; i < content.Info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            var entry = content.Info.Files[i];
            var first = geometry.FirstPiece(file);
            var pieces = geometry.PiecesOf(file).ToList();
            var have = pieces.Where(p => present[p]).Sum(p => (long)geometry.LengthOf(p, file));
            reporter.Report(new ItemEvent("file", entry.Id.IsNone ? "" : entry.Id.ToString(), entry.DisplayPath, entry.Length, have));
            if (!chunks || !geometry.IsAligned || !content.Layers.IsKnown(file)) continue;

            foreach (var piece in pieces)
            {
                var length = geometry.LengthOf(piece);
                reporter.Report(new ItemEvent("chunk", content.Layers[piece].ToString(), $"{entry.DisplayPath} #{piece - first}", length, present[piece] ? length : 0));
            }
        }
    }
}
