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
            reporter.Report(new ItemEvent("torrent", torrent.Id.ToString(), torrent.Name, torrent.Length, torrent.Have) { Path = torrent.Path });
            if (!request.Files && !request.Chunks) continue;

            await using var content = await services.Store.OpenAsync(torrent, ct);
            ListFiles(content, request.Chunks);
        }

        return ExitCode.Done;
    }

    public async Task<ExitCode> VerifyAsync(VerifyRequest request, CancellationToken ct)
    {
        var bad = 0L;
        foreach (var torrent in Select(request.Id))
        {
            var result = await services.Store.VerifyAsync(torrent, new HashingReport(torrent.Path, reporter, services.Options.Clock), ct);
            bad += result.Bad;
            reporter.Report(new VerifiedEvent(torrent.Id.ToString(), result.Ok, result.Bad));
        }

        if (bad == 0) return ExitCode.Done;

        reporter.Report(new ErrorEvent("corrupt", $"{bad} piece(s) are not what they were and are not served any more. Getting the same link again with --overwrite fetches what is missing."));
        return ExitCode.Corrupt;
    }

    public async Task<ExitCode> RemoveAsync(RemoveRequest request, CancellationToken ct)
    {
        foreach (var torrent in Select(request.Id))
        {
            if (services.Serving is { } serving) await serving.DropAsync(torrent.Id);
            if (services.Swarms is { } swarms && await swarms.IsWantedAsync(torrent.Id))
            {
                throw new ShoalException("in-use", $"{torrent.Name} is being shared or fetched by another command on this store just now. Stop that command first, then remove it.");
            }

            await services.Store.RemoveAsync(torrent, request.DeleteFiles, ct);
            reporter.Report(new RemovedEvent(torrent.Id.ToString(), torrent.Name, request.DeleteFiles && !torrent.IsShared));
        }

        return ExitCode.Done;
    }

    /// <summary>Every copy of one torrent, or all that the store holds.</summary>
    private List<StoredTorrent> Select(string? text)
    {
        if (text is null) return [.. services.Store.List()];

        if (MagnetLink.TryParse(text, out var link)) text = link.InfoHash?.ToString() ?? link.InfoHashV1!.Value.ToString();
        if (!InfoHash.TryParse(text, out var id)) throw new ShoalException("bad-link", $"{text} is no ID. One is 64 hexadecimal digits, or 40 in v1, or a link.");

        var copies = services.Store.List().Where(t => t.Id == id || (id.IsV1 && t.IdV1 == id.Truncated)).ToList();
        return copies.Count > 0 ? copies : throw new ShoalException("not-held", $"The store does not hold {id}. 'shoal list' shows what it holds.");
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
