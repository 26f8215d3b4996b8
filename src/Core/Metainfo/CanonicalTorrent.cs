using System.Globalization;
using System.Text;
using Shoal.Core.Merkle;

namespace Shoal.Core.Metainfo;

/// <summary>
/// The one torrent of a run of bytes, whatever file or chunk it is elsewhere: exactly these bytes from its pieces root R and its length L, so that everybody who holds the run meets in
/// one swarm. <c>d9:file treed64:&lt;R hex&gt;d0:d6:lengthi&lt;L&gt;e11:pieces root32:&lt;R&gt;eee12:meta versioni2e4:name64:&lt;R hex&gt;12:piece lengthi&lt;P&gt;ee</c>. A wire format: frozen.
/// </summary>
public static class CanonicalTorrent
{
    /// <summary>How far a chunk may be padded: from one block to the longest piece that an ID is looked up for.</summary>
    public const int MaxLevels = 10;

    /// <summary>No torrent of this kind is shorter.</summary>
    public const int MinSize = FixedSize + 1 + 6;

    /// <summary>None is longer.</summary>
    public const int MaxSize = FixedSize + 19 + 8;

    /// <summary>
    /// A run of that length is refused on a bare ID, unless the link says so: a tree does not tell leaves from nodes, so that two hashes are the only block of a file that has the root of any
    /// larger one.
    /// </summary>
    public const long AmbiguousLength = 2 * Hash256.Length;

    // all of it but the digits of the two numbers
    private const int FixedSize = 255;

    private const int SmallestPiece = 256 * 1024;
    private const int LargestPiece = 16 * 1024 * 1024;
    private const int MostPieces = 4096;

    /// <summary>P: the smallest power of two from 256 KiB to 16 MiB that gives at most 4,096 pieces.</summary>
    public static int PieceLength(long length)
    {
        var pieceLength = SmallestPiece;
        while (pieceLength < LargestPiece && length > (long)pieceLength * MostPieces) pieceLength *= 2;
        return pieceLength;
    }

    /// <param name="root">R; not none.</param>
    /// <param name="length">L, at least 1.</param>
    /// <returns>The info dictionary.</returns>
    public static byte[] Write(FileId root, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (root.IsNone) throw new ArgumentException("an empty file has no name", nameof(root));

        var bytes = new byte[MaxSize];
        var size = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"d9:file treed64:{root}d0:d6:lengthi{length}e11:pieces root32:"), bytes);
        root.Value.CopyTo(bytes.AsSpan(size));
        size += Hash256.Length;
        size += Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"eee12:meta versioni2e4:name64:{root}12:piece lengthi{PieceLength(length)}ee"), bytes.AsSpan(size));
        return bytes[..size];
    }

    /// <summary>Its name, under which any client of v2 joins the swarm.</summary>
    public static InfoHash NameOf(FileId root, long length) => new(Hash.Sha256(Write(root, length)));

    /// <exception cref="ArgumentException">The run has too many pieces for any torrent.</exception>
    public static TorrentInfo Create(FileId root, long length) =>
        TryRead(Write(root, length), out var info) ? info : throw new ArgumentException("the run is too long for a torrent", nameof(length));

    /// <summary>Whether a torrent is of this kind: it rebuilds to the same bytes from its only file.</summary>
    public static bool Is(TorrentInfo info) =>
        info is { IsSingleFile: true, HasV1: false, Length: > 0 } && info.Bytes.Length is >= MinSize and <= MaxSize
        && Write(info.Files[0].Id, info.Length).AsSpan().SequenceEqual(info.Bytes.Span);

    /// <summary>Reads what somebody says is one.</summary>
    /// <returns>False if the bytes are anything else.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, out TorrentInfo info)
    {
        info = null!;
        return bytes.Length is >= MinSize and <= MaxSize && TorrentInfoReader.Read(bytes, out info) == MetainfoError.None && Is(info);
    }

    /// <summary>
    /// Whether a name is that of the file itself, or of the chunk that it is elsewhere: its root extended upward by some levels of zero subtrees, as the last chunk of a larger file is padded.
    /// Says nothing about the length, which remains a claim.
    /// </summary>
    /// <param name="info">Of this kind.</param>
    public static bool IsNamed(TorrentInfo info, Hash256 id)
    {
        Span<byte> node = stackalloc byte[Hash256.Length];
        info.Files[0].Id.Value.CopyTo(node);
        var height = info.Geometry.TreeHeight(default);
        for (var level = 0; level <= MaxLevels && height + level <= MerkleTree.MaxHeight; level++)
        {
            if (new Hash256(node) == id) return true;
            if (height + level < MerkleTree.MaxHeight) MerkleTree.HashPair(node, MerkleTree.PadHash(height + level), node);
        }

        return false;
    }
}
