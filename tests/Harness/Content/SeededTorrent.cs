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
    {
        var random = new Random(seed);
        _files = [.. lengths.Select(length => Fill(random, new byte[length]))];
        var files = _files.Select((bytes, i) => new TorrentFile { Path = [$"file {i:000}"], Length = bytes.Length, Id = IdOf(bytes) });
        Info = TorrentInfoWriter.Write($"torrent {seed}", pieceLength, files);
    }

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

    public ReadOnlyMemory<byte> Piece(PieceIndex piece) =>
        _files[Geometry.FileOf(piece)].AsMemory((int)Geometry.OffsetInFile(piece), Geometry.LengthOf(piece));

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

    private static byte[] Fill(Random random, byte[] bytes)
    {
        random.NextBytes(bytes);
        return bytes;
    }
}
