using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Catalogues;

/// <summary>What a copy has, as the catalogue keeps it.</summary>
/// <param name="Boot">The start of the machine since which something is not durable; null if all is.</param>
internal sealed record CopyState(bool IsComplete, long Have, string? Boot, Bitfield Present, Bitfield Durable)
{
    /// <summary>The boot of no machine: what the catalogue says of the copy may be old, so that all of it is proven.</summary>
    public const string Doubtful = "doubtful";

    /// <summary>Another: it was guessed from what stands there, which may be somebody else's.</summary>
    public const string Guessed = "guessed";
}

/// <summary>Where the files of a copy stand.</summary>
/// <param name="Placed">Files at their final name.</param>
/// <param name="Found">Files that stood there before the download began; they are the user's.</param>
/// <param name="Stamps">Of every file at its final name, as last seen.</param>
internal sealed record CopyPlaces(Bitfield Placed, Bitfield Found, FileStamp[] Stamps);

internal sealed record CopyRow(TorrentInfo Info, PieceLayers Layers, CopyState State, CopyPlaces Places);

/// <summary>A file that a copy lists; whether it has it is for the copy to say.</summary>
internal readonly record struct FileRow(long Copy, FileIndex File);

/// <summary>A chunk, or the name of a file's canonical torrent, that begins like what was asked for.</summary>
internal readonly record struct RunRow(long Torrent, long Copy, FileIndex File, long Node);

/// <summary>When a copy was last used, and how many others were last known to have all of its torrent.</summary>
/// <param name="Used">Unix milliseconds.</param>
/// <param name="Others">Null while nobody has said.</param>
/// <param name="Counted">When that was, Unix milliseconds.</param>
internal readonly record struct UseRow(long Copy, long Used, int? Others, long? Counted);

/// <summary>What hashing a path gave, as long as it looks the same.</summary>
/// <param name="Root">Null if hashing was interrupted.</param>
/// <param name="Layer">Hashes of the pieces; those not hashed yet are zero. Empty for a file of one piece.</param>
internal sealed record HashedRow(string Path, FileStamp Stamp, int PieceHeight, Hash256? Root, byte[] Layer);
