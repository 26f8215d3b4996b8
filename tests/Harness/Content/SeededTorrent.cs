using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;

namespace Shoal.Harness.Content;

/// <summary>A torrent whose bytes follow from a seed, whole in memory.</summary>
public sealed class SeededTorrent
{
    private readonly byte[][] _files;

    public SeededTorrent(int seed, int pieceLength, params IReadOnlyList<int> lengths)
        : this(seed, lengths, (name, files) => TorrentInfoWriter.Write(name, pieceLength, Describe(files)))
    {
    }

    private SeededTorrent(int seed, IReadOnlyList<int> lengths, Func<string, byte[][], TorrentInfo> write)
    {
        var random = new Random(seed);
        _files = [.. lengths.Select(length => Fill(random, new byte[length]))];
        Info = write($"torrent {seed}", _files);
    }

    /// <summary>A torrent of v1 alone: files lie one behind the other.</summary>
    public static SeededTorrent OfV1(int seed, int pieceLength, params IReadOnlyList<int> lengths) =>
        new(seed, lengths, (name, files) => MetainfoV1.Write(name, pieceLength, [.. files.Select((bytes, i) => ($"file {i:000}", bytes))]));

    public static SeededTorrent OfHybrid(int seed, int pieceLength, params IReadOnlyList<int> lengths) =>
        new(seed, lengths, (name, files) => TorrentInfoWriter.Write(name, pieceLength, Describe(files), piecesV1: [.. files.Select(f => MetainfoV1.PaddedPieces(f, pieceLength))]));

    /// <summary>The canonical torrent of one file.</summary>
    public static SeededTorrent OfRun(int seed, int length) => new(seed, [length], (_, files) => CanonicalTorrent.Create(IdOf(files[0]), length));

    public static SeededTorrent OfPrivate(int seed, int pieceLength, params IReadOnlyList<int> lengths) =>
        new(seed, lengths, (name, files) => TorrentInfoWriter.Write(name, pieceLength, Describe(files), isPrivate: true));

    public TorrentInfo Info { get; }

    public TorrentGeometry Geometry => Info.Geometry;

    public InfoHash InfoHash => Info.InfoHash;

    /// <summary>A bitfield with all pieces set.</summary>
    public Bitfield All
    {
        get
        {
            var all = new Bitfield(Geometry.PieceCount);
            all.SetAll();
            return all;
        }
    }

    public Bitfield None => new(Geometry.PieceCount);

    public IReadOnlyList<byte[]> Files => _files;

    /// <summary>A new set of layers: all of them, or none of those that a torrent file would bring.</summary>
    public PieceLayers Layers(bool known = true)
    {
        var layers = new PieceLayers(Info);
        for (var i = 0; known && i < _files.Length; i++) layers.TrySet(new FileIndex(i), LayerOf(new FileIndex(i)));
        return layers;
    }

    public byte[] LayerOf(FileIndex file)
    {
        var layer = new byte[Geometry.PieceCountOf(file) * Hash256.Length];
        for (var i = 0; i < Geometry.PieceCountOf(file); i++) HashOf(Piece(new PieceIndex(Geometry.FirstPiece(file) + i)), Geometry.HashHeight(file)).CopyTo(layer.AsSpan(i * Hash256.Length));
        return layer;
    }

    public ReadOnlyMemory<byte> Piece(PieceIndex piece)
    {
        var spans = Geometry.SpansOf(piece);
        if (Geometry.IsAligned && spans.MoveNext()) return _files[spans.Current.File].AsMemory((int)spans.Current.Offset, spans.Current.Length);

        var bytes = new byte[Geometry.LengthOf(piece)];
        foreach (var span in Geometry.SpansOf(piece)) _files[span.File].AsSpan((int)span.Offset, span.Length).CopyTo(bytes.AsSpan(span.Begin));
        return bytes;
    }

    public ReadOnlyMemory<byte> Block(PieceIndex piece, BlockIndex block) =>
        Piece(piece).Slice(block * TorrentGeometry.BlockLength, Geometry.LengthOf(piece, block));

    public byte[] Leaves(PieceIndex piece)
    {
        var leaves = new byte[Geometry.BlockCountOf(piece) * Hash256.Length];
        MerkleTree.HashLeaves(Piece(piece).Span, leaves);
        return leaves;
    }

    public bool IsPiece(PieceIndex piece, ReadOnlyMemory<byte> bytes) => Piece(piece).Span.SequenceEqual(bytes.Span);

    private static Hash256 HashOf(ReadOnlyMemory<byte> bytes, int height) =>
        MerkleTree.Root(bytes.Span, height, new byte[(int)MerkleTree.BlockCount(bytes.Length) * Hash256.Length]);

    private static FileId IdOf(byte[] bytes) => bytes.Length == 0 ? default : new FileId(HashOf(bytes, MerkleTree.HeightOf(MerkleTree.BlockCount(bytes.Length))));

    private static IEnumerable<TorrentFile> Describe(byte[][] files) =>
        files.Select((bytes, i) => new TorrentFile { Path = [$"file {i:000}"], Length = bytes.Length, Id = IdOf(bytes) });

    private static byte[] Fill(Random random, byte[] bytes)
    {
        random.NextBytes(bytes);
        return bytes;
    }
}
