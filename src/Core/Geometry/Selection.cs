namespace Shoal.Core.Geometry;

/// <summary>Which files of a torrent are wanted, and so which pieces and how many bytes. Immutable. In v1 a piece at the border of a wanted file holds bytes of its neighbours too.</summary>
public sealed class Selection
{
    private readonly TorrentGeometry _geometry;
    private readonly Bitfield _files;

    private Selection(TorrentGeometry geometry, Bitfield files)
    {
        (_geometry, _files) = (geometry, files);
        Pieces = geometry.PiecesOf(Files);
        if (IsAll) Pieces.SetAll(); // those of padding alone too
        Length = Files.Sum(geometry.FileLength);
    }

    public bool IsAll => _files.IsFull;

    /// <summary>How many files are wanted.</summary>
    public int Count => _files.Count;

    /// <summary>Bytes of the wanted files.</summary>
    public long Length { get; }

    /// <summary>The pieces that hold bytes of a wanted file. Not to be changed.</summary>
    public Bitfield Pieces { get; }

    public IEnumerable<FileIndex> Files
    {
        get
        {
            for (var i = _files.NextSet(0); i >= 0; i = _files.NextSet(i + 1)) yield return new FileIndex(i);
        }
    }

    public static Selection All(TorrentGeometry geometry)
    {
        var files = new Bitfield(geometry.FileCount);
        files.SetAll();
        return new Selection(geometry, files);
    }

    public static Selection Of(TorrentGeometry geometry, IEnumerable<FileIndex> files)
    {
        var chosen = new Bitfield(geometry.FileCount);
        foreach (var file in files) chosen.Set(file);
        return new Selection(geometry, chosen);
    }

    public bool Contains(FileIndex file) => _files[file];

    /// <summary>Whether all that is wanted is among these pieces.</summary>
    public bool IsIn(Bitfield pieces) => !pieces.Lacks(Pieces);

    /// <summary>Bytes of the piece that are wanted.</summary>
    public int LengthOf(PieceIndex piece)
    {
        if (IsAll) return _geometry.ContentLengthOf(piece);

        var length = 0;
        foreach (var span in _geometry.SpansOf(piece))
        {
            if (_files[span.File]) length += span.Length;
        }

        return length;
    }

    /// <summary>Bytes of these pieces that are wanted.</summary>
    public long LengthOf(Bitfield pieces)
    {
        if (pieces.IsFull) return Length;

        var length = 0L;
        for (var i = pieces.NextSet(0); i >= 0; i = pieces.NextSet(i + 1)) length += LengthOf(new PieceIndex(i));
        return length;
    }
}
