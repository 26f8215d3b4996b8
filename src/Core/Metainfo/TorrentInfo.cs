using Shoal.Core.Geometry;

namespace Shoal.Core.Metainfo;

/// <summary>An info dictionary of v2 (BEP 52), read and checked: what the infohash names. Immutable.</summary>
public sealed class TorrentInfo
{
    internal TorrentInfo(ReadOnlyMemory<byte> bytes, string name, TorrentGeometry geometry, IReadOnlyList<TorrentFile> files, bool isPrivate, bool isSingleFile, Hash160? infoHashV1)
    {
        Bytes = bytes;
        InfoHash = new InfoHash(Hash.Sha256(bytes.Span));
        Name = name;
        Geometry = geometry;
        Files = files;
        IsPrivate = isPrivate;
        IsSingleFile = isSingleFile;
        InfoHashV1 = infoHashV1;
    }

    /// <summary>The bencoded dictionary, as it was read or made.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    public InfoHash InfoHash { get; }

    /// <summary>The infohash of its v1 half if it is a hybrid.</summary>
    public Hash160? InfoHashV1 { get; }

    /// <summary>What the content is called on disk: the file of a single-file torrent, else the folder.</summary>
    public string Name { get; }

    public TorrentGeometry Geometry { get; }

    /// <summary>In the order of the file tree, which is the order of pieces.</summary>
    public IReadOnlyList<TorrentFile> Files { get; }

    /// <summary>Whether it is announced at its trackers only (BEP 27).</summary>
    public bool IsPrivate { get; }

    /// <summary>Whether the file tree is one file at its top; the content is then that file and not a folder.</summary>
    public bool IsSingleFile { get; }

    public long Length => Geometry.TotalLength;
}
