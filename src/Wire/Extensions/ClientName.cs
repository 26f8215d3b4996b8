using System.Globalization;
using System.Text;
using Shoal.Core;

namespace Shoal.Wire.Extensions;

/// <summary>What to call the program at the other end, from what it says of itself: the extension handshake, or its peer ID (BEP 20).</summary>
public static class ClientName
{
    /// <summary>Without anything that would drive a terminal.</summary>
    public static string? Clean(string name)
    {
        var clean = new StringBuilder(name.Length);
        foreach (var c in name)
        {
            if (c != '\uFFFD' && char.GetUnicodeCategory(c) is not (
                UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)) clean.Append(c);
        }

        return clean.Length == 0 ? null : clean.ToString();
    }

    /// <summary>Whether a peer of our own kind says so by its name: <c>-SH</c>.</summary>
    public static bool IsShoal(PeerId id)
    {
        Span<byte> bytes = stackalloc byte[Hash160.Length];
        id.Value.CopyTo(bytes);
        return bytes.StartsWith("-SH"u8);
    }

    /// <summary>The client's letters and version from a peer ID like <c>-LT2080-</c>, or null.</summary>
    public static string? FromPeerId(PeerId id)
    {
        Span<byte> bytes = stackalloc byte[Hash160.Length];
        id.Value.CopyTo(bytes);
        if (bytes[0] != '-' || bytes[7] != '-') return null;

        var text = Encoding.ASCII.GetString(bytes[1..7]);
        return text.All(char.IsAsciiLetterOrDigit) ? text : null;
    }
}
