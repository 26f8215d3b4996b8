using System.Buffers;
using System.Text;
using Shoal.Core;

namespace Shoal.Storage.Disk;

/// <summary>What a name from a torrent is called on this disk. Core has refused names that would leave their folder; here those that cannot be stored are mended.</summary>
internal static class DiskNames
{
    /// <summary>Unfinished downloads lie in folders that begin so.</summary>
    public const string StagingPrefix = ".shoal-";

    private const int StagingDigits = 16, MaxBytes = 255, TagDigits = 8;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private static readonly string[] Devices = ["CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9"];

    /// <summary>How this platform's file systems compare names.</summary>
    public static StringComparer Comparer { get; } = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    public static string StagingOf(InfoHash id) => StagingPrefix + id.ToString()[..StagingDigits];

    public static bool IsStaging(string name) =>
        name.Length == StagingPrefix.Length + StagingDigits && name.StartsWith(StagingPrefix, StringComparison.Ordinal) && name.AsSpan(StagingPrefix.Length).IndexOfAnyExcept(HexDigits) < 0;

    /// <summary>The name of the content itself, which stands beside the store's own folders.</summary>
    public static string MendTop(string name) => Mend(IsStaging(name) ? "_" + name : name);

    public static string Mend(string element)
    {
        if (OperatingSystem.IsWindows()) element = MendForWindows(element);
        if (element.Length * 3 <= MaxBytes || Encoding.UTF8.GetByteCount(element) <= MaxBytes) return element;

        // Cut, and told apart by a hash of the whole, so that names that differ go on differing.
        var tag = "~" + Hash.Sha256(Encoding.UTF8.GetBytes(element)).ToString()[..TagDigits];
        var (length, bytes) = (0, tag.Length);
        foreach (var rune in element.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxBytes) break;
            length += rune.Utf16SequenceLength;
        }

        return element[..length] + tag;
    }

    private static string MendForWindows(string element)
    {
        var mended = string.Create(element.Length, element, static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = from[i] < ' ' || "<>:\"|?*\\/".Contains(from[i]) ? '_' : from[i];
        });
        if (mended[^1] is '.' or ' ') mended = mended[..^1] + "_";

        var dot = mended.IndexOf('.');
        var stem = (dot < 0 ? mended : mended[..dot]).TrimEnd();
        return Devices.Contains(stem, StringComparer.OrdinalIgnoreCase) ? "_" + mended : mended;
    }
}
