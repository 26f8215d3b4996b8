using Shoal.Core.Geometry;

namespace Shoal.Core.Metainfo;

/// <summary>An info dictionary of v1, v2 or both (BEP 3, BEP 52), read and checked: what the infohash names. Immutable.</summary>
public sealed class TorrentInfo
{
    private readonly long _lengthV1;

    /// <param name="piecesV1">The hashes of v1, 20 bytes for each piece; empty in v2.</param>
    /// <param name="lengthV1">Of the piece space that they cover.</param>
    internal TorrentInfo(
        ReadOnlyMemory<byte> bytes, string name, TorrentGeometry geometry, IReadOnlyList<TorrentFile> files, bool isPrivate, bool isSingleFile, ReadOnlyMemory<byte> piecesV1, long lengthV1)
    {
        (Bytes, Name, Geometry, Files, IsPrivate, IsSingleFile, PiecesV1, _lengthV1) = (bytes, name, geometry, files, isPrivate, isSingleFile, piecesV1, lengthV1);
        if (!piecesV1.IsEmpty || !geometry.IsAligned) InfoHashV1 = Hash.Sha1(bytes.Span);
        InfoHash = geometry.IsAligned ? new InfoHash(Hash.Sha256(bytes.Span)) : new InfoHash(InfoHashV1!.Value);
        Keys = InfoHashV1 is { } v1 && HasV2 ? [InfoHash.Truncated, v1] : [InfoHash.Truncated];
    }

    /// <summary>The bencoded dictionary, as it was read or made.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Its name: of v2, also if it is a hybrid; of v1 if it is nothing else.</summary>
    public InfoHash InfoHash { get; }

    /// <summary>The name of its v1 half, or of all of it; null in v2.</summary>
    public Hash160? InfoHashV1 { get; }

    /// <summary>The keys of its swarms, v2 first.</summary>
    public IReadOnlyList<Hash160> Keys { get; }

    /// <summary>Whether it has a v2 half, and so hash trees.</summary>
    public bool HasV2 => Geometry.IsAligned;

    /// <summary>Whether it has a v1 half, and so a SHA-1 of each piece.</summary>
    public bool HasV1 => InfoHashV1 is not null;

    /// <summary>The SHA-1 of every piece, 20 bytes each (BEP 3); empty in v2.</summary>
    public ReadOnlyMemory<byte> PiecesV1 { get; }

    /// <summary>What the content is called on disk: the file of a single-file torrent, else the folder.</summary>
    public string Name { get; }

    public TorrentGeometry Geometry { get; }

    /// <summary>In the order of the file tree, which is the order of pieces; padding is left out.</summary>
    public IReadOnlyList<TorrentFile> Files { get; }

    /// <summary>Whether it is announced at its trackers only (BEP 27).</summary>
    public bool IsPrivate { get; }

    /// <summary>Whether the content is one file and not a folder.</summary>
    public bool IsSingleFile { get; }

    public long Length => Geometry.TotalLength;

    /// <summary>The SHA-1 of a piece. There must be a v1 half.</summary>
    public Hash160 PieceV1(PieceIndex piece) => new(PiecesV1.Span.Slice(piece * Hash160.Length, Hash160.Length));

    /// <summary>How many bytes the SHA-1 of a piece covers: in a hybrid the content and the padding behind it.</summary>
    public int HashedLengthV1(PieceIndex piece) => (int)Math.Min(Geometry.PieceLength, _lengthV1 - (long)piece * Geometry.PieceLength);
}
