using Shoal.Core.Bencode;
using Shoal.Core.Geometry;

namespace Shoal.Core.Metainfo;

/// <summary>Reads info dictionaries, strictly: what passes re-encodes to the same bytes and lies within every bound (BEP 52).</summary>
public static class TorrentInfoReader
{
    public const int MaxFiles = 4_000_000;

    /// <param name="bytes">One bencoded dictionary and nothing after it; kept, not copied.</param>
    public static MetainfoError Read(ReadOnlyMemory<byte> bytes, out TorrentInfo info)
    {
        info = null!;
        if (!BencodeValidator.TryMeasure(bytes.Span, out var length) || length != bytes.Length) return MetainfoError.Malformed;
        if (!TryFindKeys(bytes.Span, out var keys)) return MetainfoError.Malformed;

        var error = CheckVersion(keys);
        if (error != MetainfoError.None) return error;
        if (!TryReadString(keys.Name, out var rawName) || !PathRules.TryDecode(rawName, out var name)) return MetainfoError.InvalidName;

        error = FileTreeReader.Read(keys.FileTree, out var files);
        if (error != MetainfoError.None) return error;
        if (!TryReadInteger(keys.PieceLength, out var pieceLength) || !TorrentGeometry.TryCreate(pieceLength, [], out _)) return MetainfoError.InvalidPieceLength;
        if (!TorrentGeometry.TryCreate(pieceLength, files.Select(f => f.Length), out var geometry)) return MetainfoError.TooLarge;

        var isHybrid = !keys.V1Pieces.IsEmpty;
        if (isHybrid && !HybridCheck.Agrees(keys.V1Files, keys.V1Length, keys.V1Pieces, name, files, geometry)) return MetainfoError.HybridDisagrees;

        var isPrivate = TryReadInteger(keys.Private, out var flag) && flag != 0;
        var isSingle = files.Count == 1 && files[0].Path.Count == 1 && files[0].LinkTarget is null;
        Hash160? v1 = isHybrid ? Hash.Sha1(bytes.Span) : null;
        info = new TorrentInfo(bytes, isSingle ? files[0].Path[0] : name, geometry, files, isPrivate, isSingle, v1);
        return MetainfoError.None;
    }

    // before all else, as BEP 52 asks: what a newer version means by the other keys is not ours to judge
    private static MetainfoError CheckVersion(Keys keys)
    {
        if (keys.MetaVersion.IsEmpty) return keys.V1Pieces.IsEmpty ? MetainfoError.InvalidFileTree : MetainfoError.Version1Only;
        if (!TryReadInteger(keys.MetaVersion, out var version) || version < 1) return MetainfoError.Malformed;

        return version switch
        {
            1 => MetainfoError.Version1Only,
            2 => MetainfoError.None,
            _ => MetainfoError.NewerVersion,
        };
    }

    private static bool TryFindKeys(ReadOnlySpan<byte> bytes, out Keys keys)
    {
        keys = default;
        var reader = new BencodeReader(bytes);
        if (!reader.TryEnterDictionary()) return false;

        while (reader.TryReadKey(out var key) && reader.TryReadRaw(out var value))
        {
            if (key.SequenceEqual("meta version"u8)) keys.MetaVersion = value;
            else if (key.SequenceEqual("name"u8)) keys.Name = value;
            else if (key.SequenceEqual("piece length"u8)) keys.PieceLength = value;
            else if (key.SequenceEqual("private"u8)) keys.Private = value;
            else if (key.SequenceEqual("file tree"u8)) keys.FileTree = value;
            else if (key.SequenceEqual("files"u8)) keys.V1Files = value;
            else if (key.SequenceEqual("length"u8)) keys.V1Length = value;
            else if (key.SequenceEqual("pieces"u8)) keys.V1Pieces = value;
        }

        return true;
    }

    private static bool TryReadInteger(ReadOnlySpan<byte> raw, out long value) => new BencodeReader(raw).TryReadInteger(out value);

    private static bool TryReadString(ReadOnlySpan<byte> raw, out ReadOnlySpan<byte> value) => new BencodeReader(raw).TryReadString(out value);

    /// <summary>The values that matter, as they stand; empty where there is none.</summary>
    private ref struct Keys
    {
        public ReadOnlySpan<byte> MetaVersion;
        public ReadOnlySpan<byte> Name;
        public ReadOnlySpan<byte> PieceLength;
        public ReadOnlySpan<byte> Private;
        public ReadOnlySpan<byte> FileTree;
        public ReadOnlySpan<byte> V1Files;
        public ReadOnlySpan<byte> V1Length;
        public ReadOnlySpan<byte> V1Pieces;
    }
}
