using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Runs;

/// <summary>Finds files and chunks by ID in any copy: one descent in the catalogue, then a comparison with the layer. Its lock is a leaf.</summary>
internal sealed class RunIndex(StoreContext context, CopyIndex index, OpenCopies copies)
{
    private const int MaxKnownFiles = 100_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<InfoHash, TorrentInfo> _infos = [];
    private int _knownFiles;

    /// <param name="length">Null for any.</param>
    public List<StoredRun> Find(Hash256 id, long? length)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Length];
        id.CopyTo(bytes);
        var runs = new List<StoredRun>();
        foreach (var row in length is { } known ? context.Catalogue.Read.Files(new FileId(id), known) : context.Catalogue.Read.Files(bytes))
        {
            if (OfFile(row.Copy, row.File) is { } run) runs.Add(run);
        }

        foreach (var row in context.Catalogue.Read.Runs(RunKeys.Of(id)))
        {
            if (row.Node != RunKeys.Name && OfNode(row) is { } run && run.Id == id && (length is null || run.Length == length)) runs.Add(run);
        }

        return runs;
    }

    /// <summary>By the first 20 bytes of the ID, or of the canonical torrent's infohash.</summary>
    public List<StoredRun> Find(Hash160 key)
    {
        Span<byte> bytes = stackalloc byte[Hash160.Length];
        key.CopyTo(bytes);
        var runs = new List<StoredRun>();
        foreach (var row in context.Catalogue.Read.Files(bytes))
        {
            if (OfFile(row.Copy, row.File) is { } run) runs.Add(run);
        }

        foreach (var row in context.Catalogue.Read.Runs(RunKeys.Of(key)))
        {
            if (row.Node != RunKeys.Name && OfNode(row) is { } chunk && chunk.Id.Truncated == key) runs.Add(chunk);
            if (row.Node == RunKeys.Name && OfFile(row.Copy, row.File) is { } file && CanonicalTorrent.NameOf(new FileId(file.Id), file.Length).Truncated == key) runs.Add(file);
        }

        return runs;
    }

    /// <summary>A file's layer at that height, from any torrent that has it there or lower; null if none has.</summary>
    public byte[]? LayerOf(FileId id, long length, int pieceHeight)
    {
        foreach (var row in context.Catalogue.Read.Files(id, length))
        {
            if (Read(row.Copy) is not var (_, info, _, _) || info.Geometry.PieceHeight > pieceHeight || context.Catalogue.Read.LayerOfCopy(row.Copy, row.File) is not { } layer) continue;

            return MerkleTree.FoldLayer(layer, info.Geometry.PieceHeight, pieceHeight);
        }

        return null;
    }

    private StoredRun? OfFile(long copy, FileIndex file)
    {
        if (Read(copy) is not var (torrent, info, present, isPlaced) || (uint)file.Value >= (uint)info.Files.Count || info.Files[file].Id.IsNone) return null;

        var geometry = info.Geometry;
        var have = HaveOf(geometry, present, geometry.FirstPiece(file), geometry.PieceCountOf(file));
        return new StoredRun(torrent, file, RunKind.File, info.Files[file].Id.Value, 0, info.Files[file].Length, geometry.TreeHeight(file), have, PathOf(torrent, info, isPlaced, file));
    }

    private StoredRun? OfNode(RunRow row)
    {
        if (Read(row.Copy) is not var (torrent, info, present, isPlaced) || (uint)row.File.Value >= (uint)info.Files.Count || context.Catalogue.Read.Layer(row.Torrent, row.File) is not { } layer) return null;

        var (geometry, (level, index)) = (info.Geometry, RunKeys.Place(row.Node));
        var (first, width) = ((long)index << level, 1L << level);
        var pieces = geometry.PieceCountOf(row.File);
        if (first >= pieces || layer.Length != pieces * Hash256.Length) return null;

        var count = (int)Math.Min(width, pieces - first);
        var height = geometry.PieceHeight + level;
        var id = MerkleTree.Fold(layer.AsSpan((int)first * Hash256.Length, count * Hash256.Length).ToArray(), geometry.PieceHeight, height);
        var have = HaveOf(geometry, present, geometry.FirstPiece(row.File) + (int)first, count);
        if (level == 0 && have == 0) (first, have) = ElsewhereInFile(geometry, present, row.File, layer, (int)first);

        var length = LengthOf(geometry, geometry.FirstPiece(row.File) + (int)first, count);
        return new StoredRun(torrent, row.File, RunKind.Chunk, id, first * geometry.PieceLength, length, height, have, PathOf(torrent, info, isPlaced, row.File));
    }

    /// <summary>Of equal chunks in one file the first is entered; a later one may be there already.</summary>
    private static (long Piece, long Have) ElsewhereInFile(TorrentGeometry geometry, Bitfield present, FileIndex file, byte[] layer, int first)
    {
        var id = layer.AsSpan(first * Hash256.Length, Hash256.Length);
        var length = geometry.LengthOf(new PieceIndex(geometry.FirstPiece(file) + first));
        for (var i = first + 1; i < geometry.PieceCountOf(file); i++)
        {
            var piece = new PieceIndex(geometry.FirstPiece(file) + i);
            if (present[piece] && geometry.LengthOf(piece) == length && layer.AsSpan(i * Hash256.Length, Hash256.Length).SequenceEqual(id)) return (i, length);
        }

        return (first, 0);
    }

    private static long HaveOf(TorrentGeometry geometry, Bitfield present, int first, int count)
    {
        var have = 0L;
        for (var piece = present.NextSet(first); piece >= 0 && piece < first + count; piece = present.NextSet(piece + 1)) have += geometry.LengthOf(new PieceIndex(piece));
        return have;
    }

    private static long LengthOf(TorrentGeometry geometry, int first, int count) =>
        (long)(count - 1) * geometry.PieceLength + geometry.LengthOf(new PieceIndex(first + count - 1));

    private static string PathOf(StoredTorrent torrent, TorrentInfo info, Func<FileIndex, bool> isPlaced, FileIndex file)
    {
        var layout = new DiskLayout(info, torrent.Path);
        return isPlaced(file) ? layout.Final(file) : layout.Staged(file);
    }

    private (StoredTorrent Torrent, TorrentInfo Info, Bitfield Present, Func<FileIndex, bool> IsPlaced)? Read(long copy)
    {
        if (copies.Peek(copy) is { } open) return (OpenCopies.Describe(open), open.Info, open.State.CopyPresent(), open.State.IsPlaced);
        if (index.Find(copy) is not { } torrent || InfoOf(torrent) is not { } info || context.Catalogue.Read.Have(copy, info) is not var (present, placed)) return null;

        return (torrent, info, present, file => placed[file]);
    }

    /// <summary>Reading an info dictionary costs as much as it is long: those asked about of late are kept.</summary>
    private TorrentInfo? InfoOf(StoredTorrent torrent)
    {
        lock (_lock)
        {
            if (_infos.TryGetValue(torrent.Id, out var known)) return known;
        }

        if (context.Catalogue.Read.Info(torrent.CopyId) is not { } info) return null;

        lock (_lock)
        {
            if (_knownFiles + info.Files.Count > MaxKnownFiles)
            {
                _infos.Clear();
                _knownFiles = 0;
            }

            if (_infos.TryAdd(torrent.Id, info)) _knownFiles += info.Files.Count;
            return info;
        }
    }
}
