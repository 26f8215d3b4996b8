using System.Globalization;
using Shoal.Core.Geometry;

namespace Shoal.Core.Metainfo;

/// <summary>The files that a magnet link selects, by their place in the torrent's list: <c>so=0,2,4-6</c> (BEP 53).</summary>
public sealed class SelectOnly
{
    private const int MaxRanges = 10_000;

    private readonly List<(int First, int Last)> _ranges = [];

    private SelectOnly()
    {
    }

    /// <returns>False if it is not numbers and ranges separated by commas.</returns>
    public static bool TryParse(string text, out SelectOnly select)
    {
        select = new SelectOnly();
        var parts = text.Split(',');
        if (parts.Length > MaxRanges) return false;

        foreach (var part in parts)
        {
            var dash = part.IndexOf('-');
            if (!TryRead(dash < 0 ? part : part[..dash], out var first) || !TryRead(dash < 0 ? part : part[(dash + 1)..], out var last) || last < first) return false;

            select._ranges.Add((first, last));
        }

        return true;
    }

    /// <summary>The files meant; numbers that no file bears mean none. In v1 padding is listed and so counted.</summary>
    public IReadOnlyList<FileIndex> Of(TorrentGeometry geometry)
    {
        var files = new List<FileIndex>();
        for (var i = 0; i < geometry.FileCount; i++)
        {
            var number = geometry.ListedAt(new FileIndex(i));
            if (_ranges.Exists(r => r.First <= number && number <= r.Last)) files.Add(new FileIndex(i));
        }

        return files;
    }

    private static bool TryRead(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
