using Shoal.Core.Bencode;
using Shoal.Core.Geometry;

namespace Shoal.Core.Metainfo;

/// <summary>Reads info dictionaries of v1, v2 and both (BEP 3, BEP 52). What passes lies within every bound; in v2 it also re-encodes to the same bytes.</summary>
public static class TorrentInfoReader
{
    public const int MaxFiles = 4_000_000;

    /// <param name="bytes">One bencoded dictionary and nothing after it; kept, not copied.</param>
    public static MetainfoError Read(ReadOnlyMemory<byte> bytes, out TorrentInfo info)
    {
        info = null!;
        var isCanonical = BencodeValidator.TryMeasure(bytes.Span, out var length);
        if (!isCanonical && !BencodeValidator.TryMeasure(bytes.Span, out length, anyOrder: true)) return MetainfoError.Malformed;
        if (length != bytes.Length || !TryFindKeys(bytes.Span, out var keys)) return MetainfoError.Malformed;

        var error = CheckVersion(keys, out var version);
        if (error != MetainfoError.None) return error;
        if (version == 1) return ReadV1(bytes, keys, out info);

        return isCanonical ? ReadV2(bytes, keys, out info) : MetainfoError.Malformed;
    }

    private static MetainfoError ReadV2(ReadOnlyMemory<byte> bytes, Keys keys, out TorrentInfo info)
    {
        info = null!;
        if (!TryReadString(keys.Name, out var rawName) || !PathRules.TryDecode(rawName, out var name)) return MetainfoError.InvalidName;

        var error = FileTreeReader.Read(keys.FileTree, out var files);
        if (error != MetainfoError.None) return error;
        if (!TryReadInteger(keys.PieceLength, out var pieceLength) || !TorrentGeometry.TryCreate(pieceLength, [], out _)) return MetainfoError.InvalidPieceLength;
        if (!TorrentGeometry.TryCreate(pieceLength, files.Select(f => f.Length), out var geometry)) return MetainfoError.TooLarge;

        var (lengthV1, piecesV1) = (0L, ReadOnlyMemory<byte>.Empty);
        if (!keys.V1Pieces.IsEmpty)
        {
            if (!HybridCheck.Agrees(keys.V1Files, keys.V1Length, keys.V1Pieces, name, files, geometry, out lengthV1)) return MetainfoError.HybridDisagrees;
            piecesV1 = Slice(bytes, keys.V1Pieces);
        }

        var isSingle = files.Count == 1 && files[0].Path.Count == 1 && files[0].LinkTarget is null;
        info = new TorrentInfo(bytes, isSingle ? files[0].Path[0] : name, geometry, files, IsPrivate(keys), isSingle, piecesV1, lengthV1);
        return MetainfoError.None;
    }

    private static MetainfoError ReadV1(ReadOnlyMemory<byte> bytes, Keys keys, out TorrentInfo info)
    {
        info = null!;
        if (!TryReadString(keys.NameUtf8.IsEmpty ? keys.Name : keys.NameUtf8, out var rawName) || rawName.Trim((byte)0).IsEmpty) return MetainfoError.InvalidName;
        if (!PathRules.TryDecode(rawName, out var name)) name = Hash.Sha1(bytes.Span).ToString();

        List<(long, bool)> entries;
        List<TorrentFile> files;
        var isSingle = keys.V1Files.IsEmpty;
        if (isSingle)
        {
            if (!TryReadInteger(keys.V1Length, out var length) || length < 0) return MetainfoError.InvalidFileTree;

            (entries, files) = ([(length, false)], [new TorrentFile { Path = [name], Length = length }]);
        }
        else
        {
            var error = FileListReader.Read(keys.V1Files, out files, out entries);
            if (error != MetainfoError.None) return error;
        }

        if (!TryReadInteger(keys.PieceLength, out var pieceLength) || !TorrentGeometry.TryCreatePacked(pieceLength, [], out _)) return MetainfoError.InvalidPieceLength;
        if (!TorrentGeometry.TryCreatePacked(pieceLength, entries, out var geometry)) return MetainfoError.TooLarge;
        if (geometry.TotalLength == 0) return MetainfoError.InvalidFileTree;

        var pieces = Slice(bytes, keys.V1Pieces);
        if (pieces.Length != (long)geometry.PieceCount * Hash160.Length) return MetainfoError.InvalidPieces;

        info = new TorrentInfo(bytes, name, geometry, files, IsPrivate(keys), isSingle, pieces, entries.Sum(e => e.Item1));
        return MetainfoError.None;
    }

    // before all else, as BEP 52 asks: what a newer version means by the other keys is not ours to judge
    private static MetainfoError CheckVersion(Keys keys, out int version)
    {
        version = 1;
        if (keys.MetaVersion.IsEmpty) return keys.V1Pieces.IsEmpty ? MetainfoError.InvalidFileTree : MetainfoError.None;
        if (!TryReadInteger(keys.MetaVersion, out var written) || written < 1) return MetainfoError.Malformed;

        version = (int)Math.Min(written, 3);
        return version > 2 ? MetainfoError.NewerVersion : MetainfoError.None;
    }

    private static bool IsPrivate(Keys keys) => TryReadInteger(keys.Private, out var flag) && flag != 0;

    /// <summary>The bytes of a string, where they lie.</summary>
    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> bytes, ReadOnlySpan<byte> raw)
    {
        if (!TryReadString(raw, out var value) || value.IsEmpty || !bytes.Span.Overlaps(value, out var at)) return default;

        return bytes.Slice(at, value.Length);
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
            else if (key.SequenceEqual("name.utf-8"u8)) keys.NameUtf8 = value;
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
        public ReadOnlySpan<byte> NameUtf8;
        public ReadOnlySpan<byte> PieceLength;
        public ReadOnlySpan<byte> Private;
        public ReadOnlySpan<byte> FileTree;
        public ReadOnlySpan<byte> V1Files;
        public ReadOnlySpan<byte> V1Length;
        public ReadOnlySpan<byte> V1Pieces;
    }
}
