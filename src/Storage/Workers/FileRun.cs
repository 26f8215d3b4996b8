using Shoal.Core.Geometry;

namespace Shoal.Storage.Workers;

/// <summary>Consecutive pieces of one file, read by one worker.</summary>
internal readonly record struct FileRun(FileIndex File, string Path, PieceIndex First, int Count)
{
    /// <summary>Splits a file into runs of a buffer's length, or a piece's where that is longer.</summary>
    public static IEnumerable<FileRun> Split(TorrentGeometry geometry, FileIndex file, string path)
    {
        var pieces = Math.Max(1, WorkerScratch.BufferLength / geometry.PieceLength);
        var (first, count) = (geometry.FirstPiece(file).Value, geometry.PieceCountOf(file));
        for (var i = 0; i < count; i += pieces)
        {
            yield return new FileRun(file, path, new PieceIndex(first + i), Math.Min(pieces, count - i));
        }
    }
}
