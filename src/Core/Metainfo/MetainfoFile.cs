using System.Buffers;
using System.Text;
using Shoal.Core.Bencode;
using Shoal.Core.Geometry;

namespace Shoal.Core.Metainfo;

/// <summary>A <c>.torrent</c> file: the info dictionary, the piece layers, and where to look for peers (BEP 52, BEP 12, BEP 19, BEP 5).</summary>
public sealed record MetainfoFile(TorrentInfo Info, PieceLayers Layers)
{
    /// <summary>No <c>.torrent</c> of more bytes is read.</summary>
    public const int MaxLength = 256 * 1024 * 1024;

    private const int MaxUrls = 100;

    /// <summary>Announce URLs, tier by tier, as written (BEP 12): those of <c>announce-list</c>, or else the one of <c>announce</c>.</summary>
    public IReadOnlyList<IReadOnlyList<string>> TrackerTiers { get; init; } = [];

    /// <summary>Announce URLs, tier by tier, flattened; those that are given make a tier each.</summary>
    public IReadOnlyList<string> Trackers
    {
        get => [.. TrackerTiers.SelectMany(tier => tier)];
        init => TrackerTiers = [.. value.Select(url => (IReadOnlyList<string>)[url])];
    }

    public IReadOnlyList<string> WebSeeds { get; init; } = [];

    /// <summary>Nodes of the DHT to begin from, <c>host:port</c> or <c>[address]:port</c> (BEP 5).</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>Layers that are absent are left unknown, since peers supply them; one that is wrong, or belongs to no file, refuses the whole.</summary>
    public static MetainfoError Read(ReadOnlyMemory<byte> bytes, out MetainfoFile metainfo)
    {
        metainfo = null!;
        if (bytes.Length > MaxLength) return MetainfoError.TooLarge;
        var isCanonical = BencodeValidator.TryMeasure(bytes.Span, out var length);
        if (!isCanonical && !BencodeValidator.TryMeasure(bytes.Span, out length, anyOrder: true)) return MetainfoError.Malformed;

        var reader = new BencodeReader(bytes.Span[..length]);
        if (!reader.TryEnterDictionary()) return MetainfoError.Malformed;

        TorrentInfo? info = null;
        ReadOnlySpan<byte> layers = default;
        List<string> tracker = [], webSeeds = [], nodes = [];
        List<IReadOnlyList<string>> tiers = [];
        while (reader.TryReadKey(out var key))
        {
            if (key.SequenceEqual("info"u8))
            {
                var start = reader.Position;
                reader.TrySkip();
                var error = TorrentInfoReader.Read(bytes[start..reader.Position], out info);
                if (error != MetainfoError.None) return error;
            }
            else
            {
                reader.TryReadRaw(out var value);
                if (key.SequenceEqual("piece layers"u8)) layers = value;
                else if (key.SequenceEqual("announce"u8)) CollectUrls(value, tracker);
                else if (key.SequenceEqual("announce-list"u8) && tiers.Count == 0) CollectTiers(value, tiers); // the first counts, and bounds them
                else if (key.SequenceEqual("url-list"u8)) CollectUrls(value, webSeeds);
                else if (key.SequenceEqual("nodes"u8)) CollectNodes(value, nodes);
            }
        }

        if (info is null) return MetainfoError.InvalidFileTree;
        if (!isCanonical && info.HasV2) return MetainfoError.Malformed;

        var pieceLayers = new PieceLayers(info);
        if (info.HasV2 && !layers.IsEmpty && !TryReadLayers(layers, info, pieceLayers)) return MetainfoError.InvalidPieceLayer;

        metainfo = new MetainfoFile(info, pieceLayers) { TrackerTiers = tiers.Count > 0 || tracker.Count == 0 ? tiers : [[tracker[0]]], WebSeeds = webSeeds, Nodes = nodes };
        return MetainfoError.None;
    }

    /// <summary>The bytes of the file. Every piece layer must be known.</summary>
    public byte[] Write()
    {
        if (Layers.Missing > 0) throw new InvalidOperationException("a piece layer is not known yet");

        var output = new ArrayBufferWriter<byte>(Info.Bytes.Length + 1024);
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        if (TrackerTiers.Count > 0)
        {
            writer.WriteString("announce"u8);
            writer.WriteString(TrackerTiers[0][0]);
            writer.WriteString("announce-list"u8);
            writer.BeginList();
            foreach (var tier in TrackerTiers) WriteUrlList(writer, tier);
            writer.End();
        }

        writer.WriteString("info"u8);
        writer.WriteRaw(Info.Bytes.Span);
        if (Info.HasV2)
        {
            writer.WriteString("piece layers"u8);
            WriteLayers(writer);
        }

        if (WebSeeds.Count > 0)
        {
            writer.WriteString("url-list"u8);
            WriteUrlList(writer, WebSeeds);
        }

        writer.End();
        return output.WrittenSpan.ToArray();
    }

    private void WriteLayers(BencodeWriter writer)
    {
        var byRoot = new SortedDictionary<Hash256, ReadOnlyMemory<byte>>();
        for (var i = 0; i < Info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            if (Layers.NeedsLayer(file)) byRoot[Info.Files[i].Id.Value] = Layers[file];
        }

        writer.BeginDictionary();
        foreach (var (root, layer) in byRoot)
        {
            writer.WriteString(root);
            writer.WriteString(layer.Span);
        }

        writer.End();
    }

    private static bool TryReadLayers(ReadOnlySpan<byte> bytes, TorrentInfo info, PieceLayers layers)
    {
        var files = new Dictionary<Hash256, List<FileIndex>>();
        for (var i = 0; i < info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            if (!layers.NeedsLayer(file)) continue;

            var root = info.Files[i].Id.Value;
            if (!files.TryGetValue(root, out var sharing)) files[root] = sharing = [];
            sharing.Add(file);
        }

        var reader = new BencodeReader(bytes);
        if (!reader.TryEnterDictionary()) return false;

        while (reader.TryReadKey(out var key))
        {
            if (key.Length != Hash256.Length || !reader.TryReadString(out var layer)) return false;
            if (!files.TryGetValue(new Hash256(key), out var sharing)) return false;

            foreach (var file in sharing)
            {
                if (!layers.TrySet(file, layer)) return false;
            }
        }

        return reader.TryLeave();
    }

    private static void CollectUrls(ReadOnlySpan<byte> value, List<string> urls)
    {
        var reader = new BencodeReader(value);
        while (!reader.AtEnd && urls.Count < MaxUrls)
        {
            if (reader.TryReadString(out var url))
            {
                var text = Encoding.UTF8.GetString(url);
                if (text.Length > 0 && !urls.Contains(text)) urls.Add(text);
            }
            else if (!reader.TryEnterList() && !reader.TryLeave())
            {
                return;
            }
        }
    }

    /// <summary>A list of tiers, each a list of URLs; a URL that stands by itself is a tier. What was named before is passed over, and so is what is not so.</summary>
    private static void CollectTiers(ReadOnlySpan<byte> value, List<IReadOnlyList<string>> tiers)
    {
        var reader = new BencodeReader(value);
        if (!reader.TryEnterList()) return;

        var known = new List<string>();
        while (known.Count < MaxUrls && reader.TryReadRaw(out var raw))
        {
            var before = known.Count;
            CollectUrls(raw, known);
            if (known.Count > before) tiers.Add(known[before..]);
        }
    }

    /// <summary>A list of lists of a host and a port; what is not so is passed over.</summary>
    private static void CollectNodes(ReadOnlySpan<byte> value, List<string> nodes)
    {
        const int MaxHostLength = 253; // RFC 1035
        var reader = new BencodeReader(value);
        if (!reader.TryEnterList()) return;

        while (nodes.Count < MaxUrls && reader.TryReadRaw(out var raw))
        {
            var node = new BencodeReader(raw);
            if (!node.TryEnterList() || !node.TryReadString(out var name) || !node.TryReadInteger(out var port)) continue;
            if (name.Length is 0 or > MaxHostLength || port is <= 0 or > ushort.MaxValue) continue;

            var host = Encoding.UTF8.GetString(name);
            nodes.Add(host.Contains(':') ? $"[{host}]:{port}" : $"{host}:{port}");
        }
    }

    private static void WriteUrlList(BencodeWriter writer, IEnumerable<string> urls)
    {
        writer.BeginList();
        foreach (var url in urls) writer.WriteString(url);
        writer.End();
    }
}
