using System.Buffers;
using System.Text;
using Shoal.Core;
using Shoal.Core.Bencode;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Storage.Records;

/// <summary>
/// What the catalogue cannot be made anew without, of one torrent: a <c>.torrent</c> that any client reads, with a key <c>shoal</c> that says where its
/// copies lie. Layers that are not known are left out. The format is in docs/storage.md.
/// </summary>
internal sealed record TorrentRecord(TorrentInfo Info, PieceLayers Layers, IReadOnlyList<IReadOnlyList<string>> Trackers, IReadOnlyList<CopyRecord> Copies)
{
    public const int Version = 1;

    private const int MaxCopies = 100_000;

    public bool IsPinned { get; init; }

    public byte[] Write()
    {
        var output = new ArrayBufferWriter<byte>(Info.Bytes.Length + 1024);
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        if (Trackers.Count > 0)
        {
            writer.WriteString("announce-list"u8);
            writer.BeginList();
            foreach (var tier in Trackers)
            {
                writer.BeginList();
                foreach (var url in tier) writer.WriteString(url);
                writer.End();
            }

            writer.End();
        }

        writer.WriteString("info"u8);
        writer.WriteRaw(Info.Bytes.Span);
        if (Info.HasV2) WriteLayers(writer);
        writer.WriteString("shoal"u8);
        writer.BeginDictionary();
        writer.WriteString("copies"u8);
        writer.BeginList();
        foreach (var copy in Copies) Write(writer, copy);
        writer.End();
        writer.WriteString("pinned"u8);
        writer.WriteInteger(IsPinned ? 1 : 0);
        writer.WriteString("version"u8);
        writer.WriteInteger(Version);
        writer.End();
        writer.End();
        return output.WrittenSpan.ToArray();
    }

    /// <returns>Null if it is no record, is damaged, or a newer version wrote it.</returns>
    public static TorrentRecord? Read(ReadOnlyMemory<byte> bytes)
    {
        if (MetainfoFile.Read(bytes, out var metainfo) != MetainfoError.None) return null;

        var reader = new BencodeReader(bytes.Span);
        if (!reader.TryEnterDictionary()) return null;

        while (reader.TryReadKey(out var key))
        {
            if (key.SequenceEqual("shoal"u8)) return ReadCopies(ref reader, metainfo.Info, out var isPinned) is { } copies ? new TorrentRecord(metainfo.Info, metainfo.Layers, metainfo.TrackerTiers, copies) { IsPinned = isPinned } : null;
            if (!reader.TrySkip()) return null;
        }

        return null;
    }

    private void WriteLayers(BencodeWriter writer)
    {
        var byRoot = new SortedDictionary<Hash256, ReadOnlyMemory<byte>>();
        for (var i = 0; i < Info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            if (Layers.NeedsLayer(file) && Layers.IsKnown(file)) byRoot[Info.Files[i].Id.Value] = Layers[file];
        }

        writer.WriteString("piece layers"u8);
        writer.BeginDictionary();
        foreach (var (root, layer) in byRoot)
        {
            writer.WriteString(root);
            writer.WriteString(layer.Span);
        }

        writer.End();
    }

    private static void Write(BencodeWriter writer, CopyRecord copy)
    {
        writer.BeginDictionary();
        writer.WriteString("added"u8);
        writer.WriteInteger(copy.Added.ToUnixTimeMilliseconds());
        writer.WriteString("found"u8);
        writer.WriteString(copy.Found.ToArray());
        writer.WriteString("path"u8);
        writer.WriteString(copy.Path);
        writer.WriteString("shared"u8);
        writer.WriteInteger(copy.IsShared ? 1 : 0);
        writer.End();
    }

    private static List<CopyRecord>? ReadCopies(ref BencodeReader reader, TorrentInfo info, out bool isPinned)
    {
        isPinned = false;
        if (!reader.TryEnterDictionary()) return null;

        List<CopyRecord>? copies = null;
        var version = 0L;
        while (reader.TryReadKey(out var key))
        {
            if (key.SequenceEqual("copies"u8)) copies = ReadList(ref reader, info);
            else if (key.SequenceEqual("pinned"u8)) isPinned = reader.TryReadInteger(out var pinned) && pinned == 1;
            else if (key.SequenceEqual("version"u8)) _ = reader.TryReadInteger(out version);
            else if (!reader.TrySkip()) return null;
        }

        return version is > 0 and <= Version ? copies : null;
    }

    private static List<CopyRecord>? ReadList(ref BencodeReader reader, TorrentInfo info)
    {
        if (!reader.TryEnterList()) return null;

        var copies = new List<CopyRecord>();
        while (!reader.TryLeave())
        {
            if (copies.Count == MaxCopies || ReadCopy(ref reader, info) is not { } copy) return null;
            copies.Add(copy);
        }

        return copies;
    }

    private static CopyRecord? ReadCopy(ref BencodeReader reader, TorrentInfo info)
    {
        if (!reader.TryEnterDictionary()) return null;

        var (added, shared) = (0L, 0L);
        string? path = null;
        Bitfield? found = null;
        while (reader.TryReadKey(out var key))
        {
            if (key.SequenceEqual("added"u8) && reader.TryReadInteger(out added)) continue;
            if (key.SequenceEqual("shared"u8) && reader.TryReadInteger(out shared)) continue;
            if (key.SequenceEqual("path"u8) && reader.TryReadString(out var text)) path = Encoding.UTF8.GetString(text);
            else if (key.SequenceEqual("found"u8) && reader.TryReadString(out var bits) && Bitfield.TryRead(bits, info.Files.Count, out var files)) found = files;
            else if (!reader.TrySkip()) return null;
        }

        return reader.TryLeave() && path is not null && found is not null && Path.IsPathFullyQualified(path) && Math.Abs(added) <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() / 2
            ? new CopyRecord(path, shared != 0, DateTimeOffset.FromUnixTimeMilliseconds(added), found)
            : null;
    }
}
