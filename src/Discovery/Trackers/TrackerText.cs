using System.Globalization;
using System.Text;

namespace Shoal.Discovery.Trackers;

/// <summary>Words of a tracker for people.</summary>
internal static class TrackerText
{
    /// <summary>In characters; what is longer is cut.</summary>
    public const int MaxLength = 200;

    /// <summary>Without anything that would drive a terminal or fill it; null if nothing is left.</summary>
    public static string? Clean(ReadOnlySpan<byte> text)
    {
        var clean = new StringBuilder();
        foreach (var c in Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * MaxLength)]))
        {
            if (clean.Length == MaxLength) break;

            var category = char.GetUnicodeCategory(c);
            if (category is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator) clean.Append(' ');
            else if (c != '\uFFFD' && category is not (UnicodeCategory.Format or UnicodeCategory.Surrogate)) clean.Append(c);
        }

        var trimmed = clean.ToString().Trim();
        return trimmed.Length == 0 ? null : trimmed;
    }
}
