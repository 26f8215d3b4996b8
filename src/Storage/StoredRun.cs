using Shoal.Core;
using Shoal.Core.Geometry;

namespace Shoal.Storage;

public enum RunKind
{
    /// <summary>A whole file of a torrent.</summary>
    File,

    /// <summary>A chunk of one: an aligned part whose tree is a subtree of the file's.</summary>
    Chunk,
}

/// <summary>A place where bytes with a given ID lie, or would lie once they are fetched.</summary>
/// <param name="Torrent">The copy that has them.</param>
/// <param name="Id">Of the file or chunk; with <paramref name="Length"/> it names the bytes.</param>
/// <param name="Offset">In the file.</param>
/// <param name="Height">Of its tree above the leaves: a chunk at the end of a file is padded up to it.</param>
/// <param name="Have">Bytes of it that are proven and in place.</param>
/// <param name="Path">The file, as it lies now; absolute.</param>
public sealed record StoredRun(StoredTorrent Torrent, FileIndex File, RunKind Kind, Hash256 Id, long Offset, long Length, int Height, long Have, string Path)
{
    public bool IsWhole => Have == Length;

    /// <summary>Whether the ID is the pieces root of the bytes by themselves, and not that of a tree padded further than they need.</summary>
    public bool IsRoot => Core.Merkle.MerkleTree.HeightOf(Core.Merkle.MerkleTree.BlockCount(Length)) == Height;
}
