namespace Shoal.Core.Geometry;

/// <summary>A part of a file within a piece.</summary>
/// <param name="Offset">Of its first byte in the file.</param>
/// <param name="Begin">Of its first byte in the piece.</param>
public readonly record struct FileSpan(FileIndex File, long Offset, int Begin, int Length);

/// <summary>The parts of files in a run of a piece, in order. Allocates nothing.</summary>
public struct FileSpans
{
    private readonly TorrentGeometry _geometry;
    private readonly long _pieceStart, _end;
    private long _position;
    private int _file;

    internal FileSpans(TorrentGeometry geometry, PieceIndex piece, int begin, int length)
    {
        _geometry = geometry;
        _pieceStart = (long)piece * geometry.PieceLength;
        (_position, _end) = (_pieceStart + begin, _pieceStart + begin + length);
        _file = geometry.FileCount == 0 ? 0 : geometry.FileAt(_position);
    }

    public FileSpan Current { get; private set; }

    public readonly FileSpans GetEnumerator() => this;

    public bool MoveNext()
    {
        for (; _file < _geometry.FileCount; _file++)
        {
            var start = _geometry.StartOf(_file);
            if (start >= _end) return false;

            var first = Math.Max(start, _position);
            var last = Math.Min(start + _geometry.FileLength(new FileIndex(_file)), _end);
            if (first >= last) continue;

            Current = new FileSpan(new FileIndex(_file), first - start, (int)(first - _pieceStart), (int)(last - first));
            _position = last;
            _file++;
            return true;
        }

        return false;
    }
}
