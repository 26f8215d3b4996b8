using System.Buffers;
using System.Globalization;
using System.Text;
using Shoal.Core.Bencode;

namespace Shoal.Core.Metainfo;

/// <summary>Makes info dictionaries of v2, or hybrids: the same files, name and piece length always give the same bytes, and so the same infohash (BEP 52).</summary>
public static class TorrentInfoWriter
{
    /// <param name="name">Of the folder, or of the file if there is one at the top.</param>
    /// <param name="files">In any order; paths must differ and none may lie below another.</param>
    /// <param name="piecesV1">For a hybrid: 20 bytes for each piece of each file, in the order of the files; in a folder every one over a whole piece, padded with zeros.</param>
    public static TorrentInfo Write(string name, int pieceLength, IEnumerable<TorrentFile> files, bool isPrivate = false, IReadOnlyList<byte[]>? piecesV1 = null)
    {
        var entries = files.Select((f, i) => new Entry([.. f.Path.Select(Encoding.UTF8.GetBytes)], f, piecesV1?[i] ?? [])).Order().ToArray();
        var isSingle = entries is [{ File: { Path: [var path], LinkTarget: null } }] && path == name;
        var output = new ArrayBufferWriter<byte>(4096);
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.WriteString("file tree"u8);
        WriteTree(writer, entries);
        if (piecesV1 is not null && !isSingle) WriteList(writer, entries, pieceLength);
        if (piecesV1 is not null && isSingle)
        {
            writer.WriteString("length"u8);
            writer.WriteInteger(entries[0].File.Length);
        }

        writer.WriteString("meta version"u8);
        writer.WriteInteger(2);
        writer.WriteString("name"u8);
        writer.WriteString(name);
        writer.WriteString("piece length"u8);
        writer.WriteInteger(pieceLength);
        if (piecesV1 is not null)
        {
            writer.WriteString("pieces"u8);
            writer.WriteString(entries.SelectMany(e => e.PiecesV1).ToArray());
        }

        if (isPrivate)
        {
            writer.WriteString("private"u8);
            writer.WriteInteger(1);
        }

        writer.End();
        var error = TorrentInfoReader.Read(output.WrittenSpan.ToArray(), out var info);
        return error == MetainfoError.None ? info : throw new ArgumentException($"these files make no torrent: {error}", nameof(files));
    }

    private static void WriteTree(BencodeWriter writer, Entry[] sorted)
    {
        writer.BeginDictionary();
        var open = Array.Empty<byte[]>();
        foreach (var entry in sorted)
        {
            if (entry.Path.Length == 0) throw new ArgumentException("a file has no path", nameof(sorted));

            var folders = entry.Path[..^1];
            var shared = 0;
            while (shared < open.Length && shared < folders.Length && open[shared].AsSpan().SequenceEqual(folders[shared])) shared++;
            for (var i = shared; i < open.Length; i++) writer.End();
            foreach (var folder in folders.AsSpan(shared))
            {
                writer.WriteString(folder);
                writer.BeginDictionary();
            }

            open = folders;
            writer.WriteString(entry.Path[^1]);
            WriteFile(writer, entry.File);
        }

        for (var i = 0; i < open.Length; i++) writer.End();
        writer.End();
    }

    /// <summary>The same files as v1 knows them, each with padding behind it up to the next piece (BEP 47).</summary>
    private static void WriteList(BencodeWriter writer, Entry[] sorted, int pieceLength)
    {
        writer.WriteString("files"u8);
        writer.BeginList();
        foreach (var entry in sorted)
        {
            writer.BeginDictionary();
            WriteAttributes(writer, entry.File);
            writer.WriteString("length"u8);
            writer.WriteInteger(entry.File.Length);
            writer.WriteString("path"u8);
            writer.BeginList();
            foreach (var element in entry.Path) writer.WriteString(element);
            writer.End();
            WriteLink(writer, entry.File);
            writer.End();
            var padding = (pieceLength - entry.File.Length % pieceLength) % pieceLength;
            if (padding > 0) WritePadding(writer, padding);
        }

        writer.End();
    }

    private static void WritePadding(BencodeWriter writer, long length)
    {
        writer.BeginDictionary();
        writer.WriteString("attr"u8);
        writer.WriteString("p"u8);
        writer.WriteString("length"u8);
        writer.WriteInteger(length);
        writer.WriteString("path"u8);
        writer.BeginList();
        writer.WriteString(".pad"u8);
        writer.WriteString(length.ToString(CultureInfo.InvariantCulture));
        writer.End();
        writer.End();
    }

    private static void WriteFile(BencodeWriter writer, TorrentFile file)
    {
        writer.BeginDictionary();
        writer.WriteString(""u8);
        writer.BeginDictionary();
        WriteAttributes(writer, file);
        writer.WriteString("length"u8);
        writer.WriteInteger(file.Length);
        if (file.Length > 0)
        {
            writer.WriteString("pieces root"u8);
            writer.WriteString(file.Id.Value);
        }

        WriteLink(writer, file);
        writer.End();
        writer.End();
    }

    private static void WriteAttributes(BencodeWriter writer, TorrentFile file)
    {
        if (!file.IsExecutable && file.LinkTarget is null) return;

        writer.WriteString("attr"u8);
        writer.WriteString(file.LinkTarget is null ? "x"u8 : "l"u8);
    }

    private static void WriteLink(BencodeWriter writer, TorrentFile file)
    {
        if (file.LinkTarget is null) return;

        writer.WriteString("symlink path"u8);
        writer.BeginList();
        foreach (var element in file.LinkTarget) writer.WriteString(element);
        writer.End();
    }

    /// <summary>Orders as the file tree does: element by element, each as raw bytes.</summary>
    private sealed record Entry(byte[][] Path, TorrentFile File, byte[] PiecesV1) : IComparable<Entry>
    {
        public int CompareTo(Entry? other)
        {
            for (var i = 0; i < Path.Length && i < other!.Path.Length; i++)
            {
                var order = Path[i].AsSpan().SequenceCompareTo(other.Path[i]);
                if (order != 0) return order;
            }

            return Path.Length.CompareTo(other!.Path.Length);
        }
    }
}
