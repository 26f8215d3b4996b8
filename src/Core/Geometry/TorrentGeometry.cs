using System.Numerics;
using Shoal.Core.Merkle;

namespace Shoal.Core.Geometry;

/// <summary>
/// All arithmetic among bytes, blocks, pieces and files of one torrent (BEP 52): every file that is not empty starts at a piece boundary, in the
/// order of the file tree; the last piece of each may be short, and what is left of it is a gap that nobody stores or sends.
/// </summary>
public sealed class TorrentGeometry
{
    public const int BlockLength = MerkleTree.BlockLength;
    public const int MinPieceLength = BlockLength;
    public const int MaxPieceLength = 1 << 29;

    /// <summary>More pieces than any sensible torrent has; bounds every bitfield.</summary>
    public const int MaxPieces = 1 << 22;

    private readonly long[] _lengths;
    private readonly int[] _firstPiece;

    private TorrentGeometry(int pieceLength, long[] lengths, int[] firstPiece)
    {
        (PieceLength, _lengths, _firstPiece) = (pieceLength, lengths, firstPiece);
        PieceCount = firstPiece[^1];
        TotalLength = lengths.Sum();
    }

    public int PieceLength { get; }

    public int PieceCount { get; }

    public int FileCount => _lengths.Length;

    /// <summary>Bytes of content, gaps not counted.</summary>
    public long TotalLength { get; }

    /// <summary>The height of a whole piece's subtree, where the piece layer lies.</summary>
    public int PieceHeight => BitOperations.Log2((uint)PieceLength) - BitOperations.Log2(BlockLength);

    /// <summary>Lays files out in pieces; false if the piece length is not a legal power of two, a length is negative or there are too many pieces.</summary>
    public static bool TryCreate(long pieceLength, IEnumerable<long> fileLengths, out TorrentGeometry geometry)
    {
        geometry = null!;
        if (pieceLength is < MinPieceLength or > MaxPieceLength || !BitOperations.IsPow2(pieceLength)) return false;

        var lengths = fileLengths.ToArray();
        var firstPiece = new int[lengths.Length + 1];
        for (var i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] < 0) return false;

            var pieces = lengths[i] / pieceLength + (lengths[i] % pieceLength == 0 ? 0 : 1);
            if (pieces > MaxPieces - firstPiece[i]) return false;

            firstPiece[i + 1] = firstPiece[i] + (int)pieces;
        }

        geometry = new TorrentGeometry((int)pieceLength, lengths, firstPiece);
        return true;
    }

    /// <summary>The piece length a torrent is made with unless told otherwise: from 256 KiB to 16 MiB, at most 4,096 pieces if that can be.</summary>
    public static int DefaultPieceLength(long totalLength)
    {
        const int smallest = 256 * 1024, largest = 16 * 1024 * 1024, pieces = 4096;
        var length = smallest;
        while (length < largest && totalLength > (long)length * pieces) length *= 2;
        return length;
    }

    public long FileLength(FileIndex file) => _lengths[file];

    public PieceIndex FirstPiece(FileIndex file) => new(_firstPiece[file]);

    public int PieceCountOf(FileIndex file) => _firstPiece[file + 1] - _firstPiece[file];

    /// <summary>The height of the file's own tree, at whose top is its pieces root.</summary>
    public int TreeHeight(FileIndex file) => MerkleTree.HeightOf(MerkleTree.BlockCount(_lengths[file]));

    /// <summary>The height at which a piece's hash lies: that of the piece layer, or of the file's tree if the file is one piece.</summary>
    public int HashHeight(FileIndex file) => PieceCountOf(file) > 1 ? PieceHeight : TreeHeight(file);

    public FileIndex FileOf(PieceIndex piece)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)piece.Value, (uint)PieceCount);
        int low = 0, high = _lengths.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_firstPiece[middle] <= piece) low = middle;
            else high = middle - 1;
        }

        return new FileIndex(low);
    }

    /// <summary>Where the piece's bytes start in its file.</summary>
    public long OffsetInFile(PieceIndex piece) => (long)(piece - _firstPiece[FileOf(piece)]) * PieceLength;

    /// <summary>Bytes of content in the piece.</summary>
    public int LengthOf(PieceIndex piece)
    {
        var file = FileOf(piece);
        return (int)Math.Min(PieceLength, _lengths[file] - (long)(piece - _firstPiece[file]) * PieceLength);
    }

    public int BlockCountOf(PieceIndex piece) => (LengthOf(piece) + BlockLength - 1) / BlockLength;

    public int LengthOf(PieceIndex piece, BlockIndex block) => Math.Min(BlockLength, LengthOf(piece) - block * BlockLength);

    /// <summary>Whether a request names one block, whole and aligned: all that clients send.</summary>
    public bool TryBlock(int piece, int begin, int length, out BlockIndex block)
    {
        block = default;
        if ((uint)piece >= (uint)PieceCount || begin < 0 || begin % BlockLength != 0) return false;

        block = new BlockIndex(begin / BlockLength);
        var index = new PieceIndex(piece);
        return block < BlockCountOf(index) && length == LengthOf(index, block);
    }

    /// <summary>Whether a run of bytes lies within one piece, the gap after a file's end included: libtorrent asks for whole blocks there.</summary>
    public bool ContainsWithGap(int piece, int begin, int length) =>
        (uint)piece < (uint)PieceCount && begin >= 0 && length > 0 && (long)begin + length <= PieceLength;

    /// <summary>Whether a run of bytes lies within one piece's content.</summary>
    public bool Contains(int piece, int begin, int length) =>
        (uint)piece < (uint)PieceCount && begin >= 0 && length > 0 && (long)begin + length <= LengthOf(new PieceIndex(piece));
}
