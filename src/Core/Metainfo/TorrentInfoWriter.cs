using System.Buffers;
using System.Text;
using Shoal.Core.Bencode;

namespace Shoal.Core.Metainfo;

/// <summary>Makes info dictionaries of v2: the same files, name and piece length always give the same bytes, and so the same infohash (BEP 52).</summary>
public static class TorrentInfoWriter
{
    /// <param name="name">Of the folder, or of the file if there is one at the top.</param>
    /// <param name="files">In any order; paths must differ and none may lie below another.</param>
    public static TorrentInfo Write(string name, int pieceLength, IEnumerable<TorrentFile> files, bool isPrivate = false)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.WriteString("file tree"u8);
        WriteTree(writer, [.. files.Select(f => new Entry([.. f.Path.Select(Encoding.UTF8.GetBytes)], f)).Order()]);
        writer.WriteString("meta version"u8);
        writer.WriteInteger(2);
        writer.WriteString("name"u8);
        writer.WriteString(name);
        writer.WriteString("piece length"u8);
        writer.WriteInteger(pieceLength);
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

    private static void WriteFile(BencodeWriter writer, TorrentFile file)
    {
        writer.BeginDictionary();
        writer.WriteString(""u8);
        writer.BeginDictionary();
        if (file.IsExecutable || file.LinkTarget is not null)
        {
            writer.WriteString("attr"u8);
            writer.WriteString(file.LinkTarget is null ? "x"u8 : "l"u8);
        }

        writer.WriteString("length"u8);
        writer.WriteInteger(file.Length);
        if (file.Length > 0)
        {
            writer.WriteString("pieces root"u8);
            writer.WriteString(file.Id.Value);
        }

        if (file.LinkTarget is not null)
        {
            writer.WriteString("symlink path"u8);
            writer.BeginList();
            foreach (var element in file.LinkTarget) writer.WriteString(element);
            writer.End();
        }

        writer.End();
        writer.End();
    }

    /// <summary>Orders as the file tree does: element by element, each as raw bytes.</summary>
    private sealed record Entry(byte[][] Path, TorrentFile File) : IComparable<Entry>
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
