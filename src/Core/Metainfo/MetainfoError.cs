namespace Shoal.Core.Metainfo;

/// <summary>Why bytes are no torrent that can be used. The text for people is the caller's.</summary>
public enum MetainfoError
{
    None,

    /// <summary>Not bencoded, not canonical, or nested too deep.</summary>
    Malformed,

    /// <summary>A newer <c>meta version</c> than 2.</summary>
    NewerVersion,

    /// <summary>The name is missing, or would leave the folder.</summary>
    InvalidName,

    /// <summary>The piece length is missing, or above 512 MiB, or, in v2, no power of two from 16 KiB on.</summary>
    InvalidPieceLength,

    /// <summary>The file tree is missing, or an entry of it is no file and no folder, or has a wrong length.</summary>
    InvalidFileTree,

    /// <summary>A path element is empty, a dot or two dots.</summary>
    UnsafePath,

    /// <summary>A file that is not empty has no pieces root.</summary>
    MissingPiecesRoot,

    /// <summary>More files or pieces than are read.</summary>
    TooLarge,

    /// <summary>A piece layer has the wrong length, does not lead to its pieces root, or belongs to no file.</summary>
    InvalidPieceLayer,

    /// <summary>There are not as many piece hashes of v1 as pieces, or they are no string.</summary>
    InvalidPieces,

    /// <summary>The two halves of a hybrid do not describe the same files.</summary>
    HybridDisagrees,
}
