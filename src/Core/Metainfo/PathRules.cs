using System.Buffers;
using System.Text;

namespace Shoal.Core.Metainfo;

/// <summary>What a name from a torrent may be. A name that would leave its folder is refused; one that only cannot stand on a disk is mended.</summary>
internal static class PathRules
{
    private const int MaxElementBytes = 255; // of every common file system
    private const int MendedBytes = 240; // leaves room to tell namesakes apart
    private const int MaxExtensionLength = 16;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create(Path.GetInvalidFileNameChars());

    /// <summary>Decodes one path element; what this platform forbids in a name becomes <c>_</c>, invalid UTF-8 the replacement character.</summary>
    /// <param name="isMended">Whether the element differs from what was written, so that two elements may come out alike.</param>
    /// <returns>False for an empty element, <c>.</c> and <c>..</c>.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> raw, out string element, out bool isMended)
    {
        element = Encoding.UTF8.GetString(raw);
        isMended = true;
        if (element is "" or "." or "..") return false;

        element = Mend(element);
        isMended = raw.Length != Encoding.UTF8.GetByteCount(element) || !raw.SequenceEqual(Encoding.UTF8.GetBytes(element));
        return element.Length > 0;
    }

    public static bool TryDecode(ReadOnlySpan<byte> raw, out string element) => TryDecode(raw, out element, out _);

    private static string Mend(string element)
    {
        if (element.AsSpan().ContainsAny(Forbidden))
        {
            element = string.Create(element.Length, element, static (mended, original) => original.AsSpan().ReplaceAny(mended, Forbidden, '_'));
        }

        if (Encoding.UTF8.GetByteCount(element) > MaxElementBytes) element = Shorten(element);
        return OperatingSystem.IsWindows() ? element.TrimEnd('.', ' ') : element; // Windows drops them, and so ".. " would be ".."
    }

    private static string Shorten(string element)
    {
        var extension = Path.GetExtension(element);
        if (extension.Length > MaxExtensionLength) extension = "";

        var room = MendedBytes - Encoding.UTF8.GetByteCount(extension);
        var length = 0;
        foreach (var rune in element.EnumerateRunes())
        {
            room -= rune.Utf8SequenceLength;
            if (room < 0) break;

            length += rune.Utf16SequenceLength;
        }

        return string.Concat(element.AsSpan(0, length), extension);
    }
}
