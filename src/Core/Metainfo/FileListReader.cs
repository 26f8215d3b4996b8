using Shoal.Core.Bencode;

namespace Shoal.Core.Metainfo;

/// <summary>
/// Reads the list of files of v1 (BEP 3, attributes and padding of BEP 47). Torrents of v1 were made by all kinds of programs: slashes around elements, and elements that are empty or dots, are
/// left out of a path instead of refusing the torrent, so that what remains lies below its folder.
/// </summary>
internal static class FileListReader
{
    private const int MaxPathLength = 32 * 1024;
    private const int MaxElements = 1 << 25;

    /// <param name="entries">Lengths of files and of padding, in order.</param>
    public static MetainfoError Read(ReadOnlySpan<byte> list, out List<TorrentFile> files, out List<(long Length, bool IsPadding)> entries)
    {
        (files, entries) = ([], []);
        var reader = new BencodeReader(list);
        if (!reader.TryEnterList()) return MetainfoError.InvalidFileTree;

        var names = new Dictionary<string, int>();
        var elements = 0;
        while (reader.TryEnterDictionary())
        {
            if (!TryReadEntry(ref reader, out var entry)) return MetainfoError.InvalidFileTree;

            var isPadding = entry.Attributes.Contains((byte)'p');
            entries.Add((entry.Length, isPadding));
            if (entries.Count > TorrentInfoReader.MaxFiles) return MetainfoError.TooLarge;
            if (isPadding) continue;
            if (!TryReadPath(entry.Path, out var path)) return MetainfoError.InvalidFileTree;

            elements += path.Count;
            if (elements > MaxElements || path.Sum(e => e.Length) > MaxPathLength) return MetainfoError.TooLarge;

            TellApart(path, names);
            var isLink = entry.Attributes.Contains((byte)'l') && entry.Length == 0 && TryReadPath(entry.Link, out _);
            TryReadPath(entry.Link, out var target);
            files.Add(new TorrentFile
            {
                Path = path,
                Length = entry.Length,
                IsExecutable = entry.Attributes.Contains((byte)'x') && !isLink,
                LinkTarget = isLink ? target : null,
            });
        }

        return reader.TryLeave() && files.Count > 0 ? MetainfoError.None : MetainfoError.InvalidFileTree;
    }

    private static bool TryReadEntry(ref BencodeReader reader, out Entry entry)
    {
        entry = new Entry { Length = -1 };
        ReadOnlySpan<byte> path = default, utf8 = default;
        while (reader.TryReadKey(out var key))
        {
            var read = key.SequenceEqual("length"u8) ? reader.TryReadInteger(out entry.Length)
                : key.SequenceEqual("path"u8) ? reader.TryReadRaw(out path)
                : key.SequenceEqual("path.utf-8"u8) ? reader.TryReadRaw(out utf8)
                : key.SequenceEqual("attr"u8) ? reader.TryReadString(out entry.Attributes)
                : key.SequenceEqual("symlink path"u8) ? reader.TryReadRaw(out entry.Link)
                : reader.TrySkip();
            if (!read) return false;
        }

        entry.Path = utf8.IsEmpty ? path : utf8;
        if (entry.Length < 0 && entry.Attributes.Contains((byte)'l')) entry.Length = 0;
        return reader.TryLeave() && entry.Length >= 0;
    }

    /// <returns>False if it is no list of strings, or an empty one.</returns>
    private static bool TryReadPath(ReadOnlySpan<byte> raw, out List<string> path)
    {
        path = [];
        var reader = new BencodeReader(raw);
        if (!reader.TryEnterList()) return false;

        var count = 0;
        for (; reader.TryReadString(out var element); count++)
        {
            if (PathRules.TryDecode(element.Trim((byte)'/'), out var decoded)) path.Add(decoded);
        }

        if (path.Count == 0) path.Add("_");
        return reader.TryLeave() && count > 0;
    }

    /// <summary>The count is kept, so that a list full of namesakes costs no more than one step for each.</summary>
    private static void TellApart(List<string> path, Dictionary<string, int> names)
    {
        var last = path[^1];
        var joined = string.Join('/', path);
        if (names.TryAdd(joined, 0)) return;

        var count = names[joined];
        do
        {
            path[^1] = $"{last}.{++count}";
        }
        while (!names.TryAdd(string.Join('/', path), 0));

        names[joined] = count;
    }

    private ref struct Entry
    {
        public long Length;
        public ReadOnlySpan<byte> Path;
        public ReadOnlySpan<byte> Attributes;
        public ReadOnlySpan<byte> Link;
    }
}
