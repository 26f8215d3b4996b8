using System.Buffers;
using Shoal.Core.Geometry;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Downloads;

/// <summary>A piece of a download, and where its bytes lie.</summary>
/// <param name="PathOf">The file that has what that file of the download is to have.</param>
/// <param name="Shift">How much further from its beginning it has it.</param>
internal readonly record struct PlacedPiece(PieceIndex Piece, Func<FileIndex, string> PathOf, long Shift = 0);

/// <summary>Brings pieces that lie elsewhere into a download: shares their blocks on the medium where the file system can, else copies them. Each is proven.</summary>
internal sealed class PieceCopy(StoreContext context, TorrentContent content, ProgressMeter meter)
{
    public Task RunAsync(IEnumerable<PlacedPiece> pieces, CancellationToken ct) => context.Workers.ForEachAsync(pieces, Copy, ct);

    private void Copy(PlacedPiece from, WorkerScratch scratch)
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
                if (geometry.IsAligned && content.TryClone(from.Piece, file, from.Shift, data, scratch))
                {
                    meter.Add(length);
                    return;
                }

                if (file.Read(data.Slice(span.Begin, span.Length), span.Offset + from.Shift) < span.Length) return;
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
