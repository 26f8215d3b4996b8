using System.Numerics;
using Shoal.Core.Merkle;

namespace Shoal.Core.Geometry;

/// <summary>
/// All arithmetic among bytes, blocks, pieces and files of one torrent. In v2 every file that is not empty starts at a piece boundary, in the order of the file
/// tree; the last piece of each may be short, and what is left of it is a gap that nobody stores or sends (BEP 52). In v1 files lie one behind the other, so that a
/// piece may hold several, or a part of each of two; pad files take room there and are zeros that nobody stores (BEP 3, BEP 47).
/// </summary>
public sealed class TorrentGeometry
{
    public const int BlockLength = MerkleTree.BlockLength;
    public const int MinPieceLength = BlockLength;
    public const int MaxPieceLength = 1 << 29;

    /// <summary>More pieces than any sensible torrent has; bounds every bitfield.</summary>
    public const int MaxPieces = 1 << 22;

    private readonly long[] _lengths;
    private readonly long[] _starts; // where each file begins in the piece space; at the end, where that ends
    private readonly int[]? _listed; // where each file stands in the list of v1, which holds padding too

    private TorrentGeometry(int pieceLength, long[] lengths, long[] starts, bool isAligned, int[]? listed = null)
    {
        (PieceLength, _lengths, _starts, IsAligned, _listed) = (pieceLength, lengths, starts, isAligned, listed);
        PieceCount = (int)((starts[^1] + pieceLength - 1) / pieceLength);
        TotalLength = lengths.Sum();
    }

    public int PieceLength { get; }

    public int PieceCount { get; }

    public int FileCount => _lengths.Length;

    /// <summary>Whether no piece holds more than one file, as in v2 and hybrids.</summary>
    public bool IsAligned { get; }

    /// <summary>Bytes of content, gaps and padding not counted.</summary>
    public long TotalLength { get; }

    /// <summary>The height of a whole piece's subtree, where the piece layer lies. Of v2 only.</summary>
    public int PieceHeight => BitOperations.Log2((uint)PieceLength) - BitOperations.Log2(BlockLength);

    /// <summary>Lays files out as in v2; false if the piece length is not a legal power of two, a length is negative or there are too many pieces.</summary>
    public static bool TryCreate(long pieceLength, IEnumerable<long> fileLengths, out TorrentGeometry geometry)
    {
        geometry = null!;
        if (pieceLength is < MinPieceLength or > MaxPieceLength || !BitOperations.IsPow2(pieceLength)) return false;

        var lengths = fileLengths.ToArray();
        var starts = new long[lengths.Length + 1];
        for (var i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] < 0) return false;

            var pieces = lengths[i] / pieceLength + (lengths[i] % pieceLength == 0 ? 0 : 1);
            if (pieces > MaxPieces - starts[i] / pieceLength) return false;

            starts[i + 1] = starts[i] + pieces * pieceLength;
        }

        geometry = new TorrentGeometry((int)pieceLength, lengths, starts, isAligned: true);
        return true;
    }

    /// <summary>Lays files out as in v1; false if the piece length or a length is out of range, or there are too many pieces.</summary>
    /// <param name="entries">Files and padding in their order.</param>
    public static bool TryCreatePacked(long pieceLength, IReadOnlyList<(long Length, bool IsPadding)> entries, out TorrentGeometry geometry)
    {
        geometry = null!;
        if (pieceLength is < 1 or > MaxPieceLength) return false;

        var (lengths, starts, listed, end) = (new List<long>(entries.Count), new List<long>(entries.Count + 1), new List<int>(entries.Count), 0L);
        for (var i = 0; i < entries.Count; i++)
        {
            var (length, isPadding) = entries[i];
            if (length < 0 || length > MaxPieces * pieceLength - end) return false;

            if (!isPadding)
            {
                lengths.Add(length);
                starts.Add(end);
                listed.Add(i);
            }

            end += length;
        }

        starts.Add(end);
        geometry = new TorrentGeometry((int)pieceLength, [.. lengths], [.. starts], isAligned: false, lengths.Count < entries.Count ? [.. listed] : null);
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

    /// <summary>Where the file stands in the torrent's own list: in v1 padding is listed too.</summary>
    public int ListedAt(FileIndex file) => _listed is null ? file : _listed[file];

    /// <summary>The first piece that holds bytes of the file; if it is empty, the one that would.</summary>
    public PieceIndex FirstPiece(FileIndex file) => new((int)(_starts[file] / PieceLength));

    /// <summary>How many pieces hold bytes of the file.</summary>
    public int PieceCountOf(FileIndex file) =>
        _lengths[file] == 0 ? 0 : (int)((_starts[file] + _lengths[file] - 1) / PieceLength - _starts[file] / PieceLength) + 1;

    /// <summary>The pieces that hold bytes of the file.</summary>
    public IEnumerable<PieceIndex> PiecesOf(FileIndex file) => Enumerable.Range(FirstPiece(file), PieceCountOf(file)).Select(p => new PieceIndex(p));

    /// <summary>The pieces that hold bytes of any of the files.</summary>
    public Bitfield PiecesOf(IEnumerable<FileIndex> files)
    {
        var pieces = new Bitfield(PieceCount);
        foreach (var file in files)
        {
            var first = FirstPiece(file).Value;
            for (var i = PieceCountOf(file) - 1; i >= 0; i--) pieces.Set(first + i);
        }

        return pieces;
    }

    /// <summary>The files that have bytes in a piece, in order.</summary>
    public IEnumerable<FileIndex> FilesOf(PieceIndex piece)
    {
        for (var spans = SpansOf(piece).GetEnumerator(); spans.MoveNext();) yield return spans.Current.File;
    }

    /// <summary>The height of the file's own tree, at whose top is its pieces root. Of v2 only.</summary>
    public int TreeHeight(FileIndex file) => MerkleTree.HeightOf(MerkleTree.BlockCount(_lengths[file]));

    /// <summary>The height at which a piece's hash lies: that of the piece layer, or of the file's tree if the file is one piece. Of v2 only.</summary>
    public int HashHeight(FileIndex file) => PieceCountOf(file) > 1 ? PieceHeight : TreeHeight(file);

    /// <summary>The file that begins last at or before the piece's first byte: in v2, the one the piece is of.</summary>
    public FileIndex FileOf(PieceIndex piece)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)piece.Value, (uint)PieceCount);
        return FileAt((long)piece * PieceLength);
    }

    /// <summary>The parts of files that lie in a piece, in order; padding is left out.</summary>
    public FileSpans SpansOf(PieceIndex piece) => new(this, piece, 0, LengthOf(piece));

    /// <summary>The parts of files that lie in a run of a piece's bytes.</summary>
    public FileSpans SpansOf(PieceIndex piece, int begin, int length) => new(this, piece, begin, length);

    /// <summary>Bytes of the piece as peers send it: padding counts, what lies beyond the end of a file of v2 does not.</summary>
    public int LengthOf(PieceIndex piece)
    {
        var start = (long)piece * PieceLength;
        if (!IsAligned) return (int)Math.Min(PieceLength, _starts[^1] - start);

        var file = FileOf(piece);
        return (int)Math.Min(PieceLength, _starts[file] + _lengths[file] - start);
    }

    /// <summary>Bytes of the piece that are some file's.</summary>
    public int ContentLengthOf(PieceIndex piece)
    {
        if (IsAligned) return LengthOf(piece);

        var length = 0;
        foreach (var span in SpansOf(piece)) length += span.Length;
        return length;
    }

    /// <summary>Bytes of the piece that are that file's.</summary>
    public int LengthOf(PieceIndex piece, FileIndex file)
    {
        var start = (long)piece * PieceLength;
        return (int)Math.Max(0, Math.Min(start + PieceLength, _starts[file] + _lengths[file]) - Math.Max(start, _starts[file]));
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

    /// <summary>Whether a run of bytes lies within one piece, the gap after a file's end included: peers of v1 ask for it, and libtorrent asks for whole blocks there.</summary>
    public bool ContainsWithGap(int piece, int begin, int length) =>
        (uint)piece < (uint)PieceCount && begin >= 0 && length > 0 && (long)begin + length <= (IsAligned ? PieceLength : LengthOf(new PieceIndex(piece)));

    /// <summary>Whether a run of bytes lies within one piece's content.</summary>
    public bool Contains(int piece, int begin, int length) =>
        (uint)piece < (uint)PieceCount && begin >= 0 && length > 0 && (long)begin + length <= LengthOf(new PieceIndex(piece));

    internal FileIndex FileAt(long position)
    {
        int low = 0, high = _lengths.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_starts[middle] <= position) low = middle;
            else high = middle - 1;
        }

        return new FileIndex(low);
    }

    internal long StartOf(int file) => _starts[file];
}
