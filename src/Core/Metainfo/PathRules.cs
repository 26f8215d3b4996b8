using System.Text;

namespace Shoal.Core.Metainfo;

/// <summary>What a name from a torrent may be. A name that would leave its folder is refused; one that only cannot stand on a disk is mended.</summary>
internal static class PathRules
{
    public const int MaxElementBytes = 255;

    /// <summary>Decodes one path element; separators and NUL become <c>_</c>, invalid UTF-8 the replacement character.</summary>
    /// <returns>False for an empty element, <c>.</c> and <c>..</c>.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> raw, out string element)
    {
        element = Encoding.UTF8.GetString(raw);
        if (element.AsSpan().IndexOfAny('/', '\0') >= 0) element = element.Replace('/', '_').Replace('\0', '_');
        return element is not ("" or "." or "..");
    }
}
