using Shoal.Core.Bencode;

namespace Shoal.Core.Metainfo;

/// <summary>Reads a file tree into the files it names, in its order (BEP 52, BEP 47 attributes). The bytes are known to be canonical.</summary>
internal ref struct FileTreeReader
{
    private const int MaxPathLength = 32 * 1024;

    /// <summary>Of all files together: bounds what a deep tree of tiny entries grows to in memory.</summary>
    private const int MaxElements = 1 << 25;

    private readonly List<string> _path = [];
    private readonly Stack<SiblingNames>? _names;
    private BencodeReader _reader;
    private int _pathLength;
    private int _elements;
    private bool _hasMended;

    private FileTreeReader(ReadOnlySpan<byte> tree, bool tellsApart)
    {
        _reader = new BencodeReader(tree);
        _names = tellsApart ? [] : null;
    }

    public static MetainfoError Read(ReadOnlySpan<byte> tree, out List<TorrentFile> files)
    {
        files = [];
        var reader = new FileTreeReader(tree, tellsApart: false);
        var error = reader.Read(files);
        if (error != MetainfoError.None || !reader._hasMended) return error;

        files = [];
        reader = new FileTreeReader(tree, tellsApart: true);
        return reader.Read(files);
    }

    private MetainfoError Read(List<TorrentFile> files)
    {
        if (!_reader.TryEnterDictionary()) return MetainfoError.InvalidFileTree;

        _names?.Push(new SiblingNames());
        while (true)
        {
            if (!_reader.TryReadKey(out var key))
            {
                if (!_reader.TryLeave()) return MetainfoError.InvalidFileTree;
                if (_path.Count == 0) return files.Count == 0 ? MetainfoError.InvalidFileTree : MetainfoError.None;

                Leave();
            }
            else if (key.IsEmpty)
            {
                if (_path.Count == 0) return MetainfoError.InvalidFileTree;

                var error = ReadFile(out var file);
                if (error != MetainfoError.None) return error;

                files.Add(file);
                _elements += _path.Count;
                if (files.Count > TorrentInfoReader.MaxFiles || _elements > MaxElements) return MetainfoError.TooLarge;
                if (!_reader.TryLeave()) return MetainfoError.InvalidFileTree; // a file has no siblings

                Leave();
            }
            else
            {
                var error = Enter(key);
                if (error != MetainfoError.None) return error;
            }
        }
    }

    private MetainfoError Enter(ReadOnlySpan<byte> key)
    {
        if (!PathRules.TryDecode(key, out var element, out var isMended)) return MetainfoError.UnsafePath;
        if (!_reader.TryEnterDictionary()) return MetainfoError.InvalidFileTree;

        _hasMended |= isMended;
        if (_names is not null)
        {
            element = _names.Peek().Take(element);
            _names.Push(new SiblingNames());
        }

        _path.Add(element);
        _pathLength += element.Length;
        return _pathLength > MaxPathLength ? MetainfoError.TooLarge : MetainfoError.None;
    }

    private void Leave()
    {
        _names?.Pop();
        _pathLength -= _path[^1].Length;
        _path.RemoveAt(_path.Count - 1);
    }

    private MetainfoError ReadFile(out TorrentFile file)
    {
        file = null!;
        if (!_reader.TryEnterDictionary()) return MetainfoError.InvalidFileTree;

        long length = -1;
        ReadOnlySpan<byte> root = default, attributes = default, link = default;
        while (_reader.TryReadKey(out var key))
        {
            var read = key.SequenceEqual("length"u8) ? _reader.TryReadInteger(out length)
                : key.SequenceEqual("pieces root"u8) ? _reader.TryReadString(out root)
                : key.SequenceEqual("attr"u8) ? _reader.TryReadString(out attributes)
                : key.SequenceEqual("symlink path"u8) ? _reader.TryReadRaw(out link)
                : _reader.TrySkip();
            if (!read) return MetainfoError.InvalidFileTree;
        }

        if (!_reader.TryLeave() || length < 0) return MetainfoError.InvalidFileTree;
        if (length > 0 && (root.Length != Hash256.Length || new Hash256(root).IsZero)) return MetainfoError.MissingPiecesRoot;

        var isLink = attributes.Contains((byte)'l') && length == 0;
        string[] target = [];
        if (isLink && !TryReadLink(link, out target)) return MetainfoError.UnsafePath;

        file = new TorrentFile
        {
            Path = [.. _path],
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
}
