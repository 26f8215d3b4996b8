namespace Shoal.Core.Geometry;

/// <summary>A piece's place in the piece space of its torrent, from 0.</summary>
public readonly record struct PieceIndex(int Value)
{
    public static implicit operator int(PieceIndex index) => index.Value;

    public int ToInt32() => Value;
}

/// <summary>A block's place in its piece, from 0.</summary>
public readonly record struct BlockIndex(int Value)
{
    public static implicit operator int(BlockIndex index) => index.Value;

    public int ToInt32() => Value;
}

/// <summary>A file's place in the order of the file tree, from 0.</summary>
public readonly record struct FileIndex(int Value)
{
    public static implicit operator int(FileIndex index) => index.Value;

    public int ToInt32() => Value;
}
