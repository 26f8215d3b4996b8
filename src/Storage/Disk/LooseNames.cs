using System.Globalization;
using System.Text;

namespace Shoal.Storage.Disk;

/// <summary>
/// Tells which names some disk might take for one: it ignores case, or how a letter with marks is composed. Coarser than any of them, so that it needs no tables of
/// Unicode; the disk itself then says which it takes for one (<see cref="FoldCheck"/>).
/// </summary>
internal static class LooseNames
{
    /// <summary>Names that any disk could take for one have the same key.</summary>
    public static string KeyOf(string path)
    {
        var isPlain = true;
        foreach (var c in path) isPlain &= c is < '\u0080' and not (>= 'A' and <= 'Z');
        if (isPlain) return path;

        var key = new StringBuilder(path.Length);
        foreach (var rune in path.EnumerateRunes())
        {
            if (rune.IsAscii) key.Append(char.ToLowerInvariant((char)rune.Value));
            else if (Plain(rune.Value) is { } letters) key.Append(letters);
            else if (IsMark(rune) && key.Length > 0 && key[^1] != Path.DirectorySeparatorChar) key.Length--; // the letter below it may be written as one with it
        }

        return key.ToString();
    }

    /// <summary>Letters beyond ASCII that are ASCII when case is ignored (CaseFolding.txt, C and F).</summary>
    private static string? Plain(int letter) => letter switch
    {
        0x212A => "k",
        0x017F => "s",
        0x00DF or 0x1E9E => "ss",
        0x0149 => "n",
        0x1E9A => "a",
        0xFB00 => "ff",
        0xFB01 => "fi",
        0xFB02 => "fl",
        0xFB03 => "ffi",
        0xFB04 => "ffl",
        0xFB05 or 0xFB06 => "st",
        _ => null,
    };

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
}
