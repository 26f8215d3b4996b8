using System.Globalization;
using System.Text;

namespace Shoal.Cli.Output;

/// <summary>Makes text from elsewhere harmless on a terminal: names may hold control characters, or ones that turn the line around.</summary>
internal static class Safe
{
    public static string Text(string text)
    {
        var needed = false;
        foreach (var rune in text.EnumerateRunes()) needed |= IsHostile(rune) || rune == Rune.ReplacementChar; // or half of a pair
        if (!needed) return text;

        var safe = new StringBuilder(text.Length + 16);
        for (var at = 0; at < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, at, out var rune))
            {
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[at++]:x4}");
                continue;
            }

            at += rune.Utf16SequenceLength;
            if (!IsHostile(rune)) safe.Append(rune);
            else if (rune.Value < 0x100) safe.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
            else if (rune.IsBmp) safe.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else safe.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
        }

        return safe.ToString();
    }

    private static bool IsHostile(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
        UnicodeCategory.Format => rune.Value is not (0x200C or 0x200D), // joiners make words and emoji
        _ => false,
    };
}
