using System.Buffers;
using Shoal.Core.Geometry;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Downloads;

/// <summary>Copies pieces of a file that lies elsewhere into a download, proving each on the way.</summary>
internal sealed class PieceCopy(StoreContext context, TorrentContent content, ProgressMeter meter)
{
    public Task RunAsync(IEnumerable<(PieceIndex Piece, Func<FileIndex, string> PathOf)> pieces, CancellationToken ct) => context.Workers.ForEachAsync(pieces, Copy, ct);

    private void Copy((PieceIndex Piece, Func<FileIndex, string> PathOf) from, WorkerScratch scratch)
    {
        var geometry = content.Info.Geometry;
        var length = geometry.LengthOf(from.Piece);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var data = buffer.AsSpan(0, length);
            data.Clear(); // for the padding
            foreach (var span in geometry.SpansOf(from.Piece))
            {
                using var file = context.Disk.Open(from.PathOf(span.File), FileAccess.Read);
                if (file.Read(data.Slice(span.Begin, span.Length), span.Offset) < span.Length) return;
            }

            var outcome = content.Put(from.Piece, data, scratch);
            if (outcome.Error is not null) throw outcome.Error;
            meter.Add(length);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            // What cannot be read there is fetched.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
