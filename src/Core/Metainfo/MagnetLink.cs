using System.Globalization;
using System.Text;

namespace Shoal.Core.Metainfo;

/// <summary>A magnet link (BEP 9, BEP 53): the name of a torrent, and hints where to find it.</summary>
public sealed record MagnetLink
{
    private const string Scheme = "magnet:?";
    private const string MultihashSha256 = "1220"; // code and length, https://multiformats.io/multihash
    private const int MaxHints = 100;

    /// <summary>The v2 name; null if the link names v1 only.</summary>
    public InfoHash? InfoHash { get; init; }

    /// <summary>The v1 name; null if the link names v2 only.</summary>
    public Hash160? InfoHashV1 { get; init; }

    /// <summary>What to call it until the metadata says (<c>dn</c>); read from a link, it is safe to join to a folder.</summary>
    public string? Name { get; init; }

    /// <summary>The length of what is named, in bytes (<c>xl</c>); null if the link does not say.</summary>
    public long? ExactLength { get; init; }

    /// <summary>Addresses of peers, <c>host:port</c> (<c>x.pe</c>).</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    public IReadOnlyList<string> Trackers { get; init; } = [];

    public IReadOnlyList<string> WebSeeds { get; init; } = [];

    /// <summary>Ranges of files to take, as written (<c>so</c>); null for all.</summary>
    public string? SelectOnly { get; init; }

    public static bool IsMagnet(string text) => text.StartsWith("magnet:", StringComparison.OrdinalIgnoreCase);

    public static bool TryParse(string text, out MagnetLink link)
    {
        link = new MagnetLink();
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;

        List<string> peers = [], trackers = [], webSeeds = [];
        foreach (var pair in text[Scheme.Length..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=');
            if (equals <= 0) continue;

            var key = pair[..equals].ToLowerInvariant();
            var dot = key.IndexOf('.');
            if (dot > 0 && key is not "x.pe" && int.TryParse(key.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _)) key = key[..dot];
            var value = Uri.UnescapeDataString(pair[(equals + 1)..]);
            switch (key)
            {
                case "xt" when !TryReadTopic(value, ref link):
                    return false;
                case "dn":
                    link = link with { Name = ReadName(pair[(equals + 1)..]) };
                    break;
                case "xl" when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var length):
                    link = link with { ExactLength = length };
                    break;
                case "x.pe" when peers.Count < MaxHints:
                    peers.Add(value);
                    break;
                case "tr" when trackers.Count < MaxHints:
                    trackers.Add(value);
                    break;
                case "ws" when webSeeds.Count < MaxHints:
                    webSeeds.Add(value);
                    break;
                case "so":
                    link = link with { SelectOnly = value };
                    break;
            }
        }

        link = link with { Peers = peers, Trackers = trackers, WebSeeds = webSeeds };
        return link.InfoHash is not null || link.InfoHashV1 is not null;
    }

    public override string ToString()
    {
        var text = new StringBuilder(Scheme);
        if (InfoHash is { } v2) text.Append("xt=urn:btmh:").Append(MultihashSha256).Append(v2);
        if (InfoHashV1 is { } v1) text.Append(InfoHash is null ? "" : "&").Append("xt=urn:btih:").Append(v1);
        if (Name is not null) text.Append("&dn=").Append(Uri.EscapeDataString(Name));
        if (ExactLength is { } length) text.Append("&xl=").Append(length.ToString(CultureInfo.InvariantCulture));
        foreach (var peer in Peers) text.Append("&x.pe=").Append(Escape(peer, ":[]"));
        foreach (var tracker in Trackers) text.Append("&tr=").Append(Uri.EscapeDataString(tracker));
        foreach (var seed in WebSeeds) text.Append("&ws=").Append(Uri.EscapeDataString(seed));
        if (SelectOnly is not null) text.Append("&so=").Append(Escape(SelectOnly, ","));
        return text.ToString();
    }

    /// <summary>Escapes all that has a meaning in a link but a few characters that read better as they are.</summary>
    private static string Escape(string text, string keep)
    {
        var escaped = Uri.EscapeDataString(text);
        foreach (var character in keep) escaped = escaped.Replace(Uri.HexEscape(character), character.ToString(), StringComparison.Ordinal);
        return escaped;
    }

    // a plus is a space here only: makers of links fill this field in like a form, while in an address it stands for itself
    private static string? ReadName(string escaped)
    {
        var text = Uri.UnescapeDataString(escaped.Replace('+', ' '));
        return PathRules.TryDecode(Encoding.UTF8.GetBytes(text), out var name) ? name : null;
    }

    /// <returns>False for a name that cannot be read, or a second one that differs.</returns>
    private static bool TryReadTopic(string topic, ref MagnetLink link)
    {
        if (topic.StartsWith("urn:btmh:", StringComparison.OrdinalIgnoreCase))
        {
            var multihash = topic["urn:btmh:".Length..];
            if (!multihash.StartsWith(MultihashSha256, StringComparison.Ordinal) || !Hash256.TryParse(multihash[MultihashSha256.Length..], out var v2)) return false;

            if (link.InfoHash is { } other && other.Value != v2) return false;

            link = link with { InfoHash = new InfoHash(v2) };
            return true;
        }

        if (topic.StartsWith("urn:btih:", StringComparison.OrdinalIgnoreCase))
        {
            if (!TryReadV1(topic["urn:btih:".Length..], out var v1)) return false;
            if (link.InfoHashV1 is { } other && other != v1) return false;

            link = link with { InfoHashV1 = v1 };
        }

        return true; // other topics name the same thing for other networks
    }

    /// <summary>Reads a v1 infohash in 40 hex digits or 32 of base32 (BEP 9).</summary>
    public static bool TryReadV1(string text, out Hash160 value)
    {
        if (Hash160.TryParse(text, out value)) return true;
        if (text.Length != 32) return false;

        Span<byte> bytes = stackalloc byte[Hash160.Length];
        ulong bits = 0;
        for (int i = 0, count = 0, at = 0; i < text.Length; i++)
        {
            var digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(text[i], StringComparison.OrdinalIgnoreCase);
            if (digit < 0 || !char.IsAscii(text[i])) return false;

            bits = bits << 5 | (uint)digit;
            count += 5;
            if (count < 8) continue;

            count -= 8;
            bytes[at++] = (byte)(bits >> count);
        }

        value = new Hash160(bytes);
        return true;
    }
}
