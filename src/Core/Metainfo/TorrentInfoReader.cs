using System.Text;
using Shoal.Core.Bencode;
using Shoal.Core.Geometry;

namespace Shoal.Core.Metainfo;

/// <summary>Reads info dictionaries, strictly: what passes re-encodes to the same bytes and lies within every bound (BEP 52, BEP 47 attributes).</summary>
public static class TorrentInfoReader
{
    public const int MaxFiles = 4_000_000;

    private const int MaxPathBytes = 32 * 1024;

    /// <param name="bytes">One bencoded dictionary and nothing after it; kept, not copied.</param>
    public static MetainfoError Read(ReadOnlyMemory<byte> bytes, out TorrentInfo info)
    {
        info = null!;
        if (!BencodeValidator.TryMeasure(bytes.Span, out var length) || length != bytes.Length) return MetainfoError.Malformed;

        var keys = new Keys();
        var error = ReadKeys(bytes.Span, ref keys);
        if (error != MetainfoError.None) return error;
        if (keys.MetaVersion > 2) return MetainfoError.NewerVersion;
        if (keys.MetaVersion != 2 || keys.FileTree.IsEmpty) return keys.HasV1 ? MetainfoError.Version1Only : MetainfoError.InvalidFileTree;
        if (!PathRules.TryDecode(keys.Name, out var name)) return MetainfoError.InvalidName;

        var files = new List<TorrentFile>();
        error = ReadFileTree(keys.FileTree, files);
        if (error != MetainfoError.None) return error;
        if (!TorrentGeometry.TryCreate(keys.PieceLength, [], out _)) return MetainfoError.InvalidPieceLength;
        if (!TorrentGeometry.TryCreate(keys.PieceLength, files.Select(f => f.Length), out var geometry)) return MetainfoError.TooLarge;
        if (keys.HasV1 && !HybridCheck.Agrees(keys.V1Files, keys.V1Length, files)) return MetainfoError.HybridDisagrees;

        var isSingle = files.Count == 1 && files[0].Path.Count == 1 && files[0].LinkTarget is null;
        Hash160? v1 = keys.HasV1 ? Hash.Sha1(bytes.Span) : null;
        info = new TorrentInfo(bytes, isSingle ? files[0].Path[0] : name, geometry, files, keys.IsPrivate, isSingle, v1);
        return MetainfoError.None;
    }

    private static MetainfoError ReadKeys(ReadOnlySpan<byte> bytes, ref Keys keys)
    {
        var reader = new BencodeReader(bytes);
        if (!reader.TryEnterDictionary()) return MetainfoError.Malformed;

        while (reader.TryReadKey(out var key))
        {
            if (key.SequenceEqual("meta version"u8))
            {
                if (!reader.TryReadInteger(out keys.MetaVersion)) return MetainfoError.Malformed;
            }
            else if (key.SequenceEqual("name"u8))
            {
                if (!reader.TryReadString(out keys.Name)) return MetainfoError.InvalidName;
            }
            else if (key.SequenceEqual("piece length"u8))
            {
                if (!reader.TryReadInteger(out keys.PieceLength)) return MetainfoError.InvalidPieceLength;
            }
            else if (key.SequenceEqual("private"u8) && reader.Peek() == BencodeType.Integer)
            {
                if (!reader.TryReadInteger(out var flag)) return MetainfoError.Malformed;
                keys.IsPrivate = flag == 1;
            }
            else if (key.SequenceEqual("file tree"u8))
            {
                if (reader.Peek() != BencodeType.Dictionary || !reader.TryReadRaw(out keys.FileTree)) return MetainfoError.InvalidFileTree;
            }
            else if (key.SequenceEqual("files"u8))
            {
                keys.HasV1 = reader.TryReadRaw(out keys.V1Files);
            }
            else if (key.SequenceEqual("length"u8) && reader.Peek() == BencodeType.Integer)
            {
                keys.HasV1 = reader.TryReadInteger(out keys.V1Length);
            }
            else if (!reader.TrySkip())
            {
                return MetainfoError.Malformed;
            }
        }

        return MetainfoError.None;
    }

    private static MetainfoError ReadFileTree(ReadOnlySpan<byte> tree, List<TorrentFile> files)
    {
        var reader = new BencodeReader(tree);
        reader.TryEnterDictionary();
        var path = new List<string>();
        var pathBytes = 0;
        while (true)
        {
            if (!reader.TryReadKey(out var key))
            {
                if (!reader.TryLeave()) return MetainfoError.InvalidFileTree;
                if (path.Count == 0) return files.Count == 0 ? MetainfoError.InvalidFileTree : MetainfoError.None;

                pathBytes -= path[^1].Length;
                path.RemoveAt(path.Count - 1);
                continue;
            }

            if (key.IsEmpty)
            {
                if (path.Count == 0) return MetainfoError.InvalidFileTree;

                var error = ReadFile(ref reader, [.. path], out var file);
                if (error != MetainfoError.None) return error;

                files.Add(file);
                if (files.Count > MaxFiles) return MetainfoError.TooLarge;
                if (!reader.TryLeave()) return MetainfoError.InvalidFileTree; // a file has no siblings
                pathBytes -= path[^1].Length;
                path.RemoveAt(path.Count - 1);
                continue;
            }

            if (!PathRules.TryDecode(key, out var element)) return MetainfoError.UnsafePath;
            if (!reader.TryEnterDictionary()) return MetainfoError.InvalidFileTree;

            path.Add(element);
            pathBytes += element.Length;
            if (pathBytes > MaxPathBytes) return MetainfoError.TooLarge;
        }
    }

    private static MetainfoError ReadFile(ref BencodeReader reader, string[] path, out TorrentFile file)
    {
        file = null!;
        if (!reader.TryEnterDictionary()) return MetainfoError.InvalidFileTree;

        long length = -1;
        ReadOnlySpan<byte> root = default, attributes = default, link = default;
        while (reader.TryReadKey(out var key))
        {
            var read = key.SequenceEqual("length"u8) ? reader.TryReadInteger(out length)
                : key.SequenceEqual("pieces root"u8) ? reader.TryReadString(out root)
                : key.SequenceEqual("attr"u8) ? reader.TryReadString(out attributes)
                : key.SequenceEqual("symlink path"u8) ? reader.TryReadRaw(out link)
                : reader.TrySkip();
            if (!read) return MetainfoError.InvalidFileTree;
        }

        if (!reader.TryLeave() || length < 0) return MetainfoError.InvalidFileTree;

        var isLink = attributes.Contains((byte)'l') && length == 0;
        if (length > 0 && (root.Length != Hash256.Length || new Hash256(root).IsZero)) return MetainfoError.MissingPiecesRoot;

        string[] target = [];
        if (isLink && !TryReadLink(link, out target)) return MetainfoError.UnsafePath;

        file = new TorrentFile
        {
            Path = path,
            Length = length,
            Id = length > 0 ? new FileId(new Hash256(root)) : default,
            IsExecutable = attributes.Contains((byte)'x') && !isLink,
            LinkTarget = isLink ? target : null,
        };
        return MetainfoError.None;
    }

    private static bool TryReadLink(ReadOnlySpan<byte> link, out string[] target)
    {
        target = [];
        var reader = new BencodeReader(link);
        if (!reader.TryEnterList()) return false;

        var elements = new List<string>();
        while (reader.TryReadString(out var raw))
        {
            if (!PathRules.TryDecode(raw, out var element)) return false;
            elements.Add(element);
        }

        target = [.. elements];
        return reader.TryLeave() && target.Length > 0;
    }

    private ref struct Keys
    {
        public long MetaVersion;
        public long PieceLength;
        public bool IsPrivate;
        public bool HasV1;
        public long V1Length;
        public ReadOnlySpan<byte> Name;
        public ReadOnlySpan<byte> FileTree;
        public ReadOnlySpan<byte> V1Files;
    }
}
