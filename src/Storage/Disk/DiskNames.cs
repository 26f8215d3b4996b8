using System.Buffers;
using Shoal.Core;

namespace Shoal.Storage.Disk;

/// <summary>What a name from a torrent is called on this disk. Core has refused or mended what no disk here can store; what is left is reserved by Windows, or by us.</summary>
internal static class DiskNames
{
    /// <summary>Unfinished downloads lie in folders that begin so.</summary>
    public const string StagingPrefix = ".shoal-";

    private const int StagingDigits = 16;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private static readonly string[] Devices = [
        "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
        "COM\u00B9", "COM\u00B2", "COM\u00B3", "LPT\u00B9", "LPT\u00B2", "LPT\u00B3", "CONIN$", "CONOUT$"];

    /// <summary>How this platform's file systems compare names.</summary>
    public static StringComparer Comparer { get; } = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    public static string StagingOf(InfoHash id) => StagingPrefix + id.ToString()[..StagingDigits];

    public static bool IsStaging(string name) =>
        name.Length == StagingPrefix.Length + StagingDigits && name.StartsWith(StagingPrefix, StringComparison.Ordinal) && name.AsSpan(StagingPrefix.Length).IndexOfAnyExcept(HexDigits) < 0;

    /// <summary>The name of the content itself, which stands beside the store's own folders.</summary>
    public static string MendTop(string name) => Mend(IsStaging(name) ? "_" + name : name);

    public static string Mend(string element) => OperatingSystem.IsWindows() ? MendForWindows(element) : element;

    /// <summary>A name that Windows takes for a device, with any extension, gets a <c>_</c> before it.</summary>
    internal static string MendForWindows(string element)
    {
        var dot = element.IndexOf('.');
        var stem = (dot < 0 ? element : element[..dot]).TrimEnd();
        return Devices.Contains(stem, StringComparer.OrdinalIgnoreCase) ? "_" + element : element;
    }
}
