using System.Diagnostics.CodeAnalysis;
using System.Text;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Engine.WebSeeds;

/// <summary>Where a file of a torrent lies on a web server (BEP 19): at the URL itself, or under it, by the torrent's name and the file's path.</summary>
public static class WebSeedUrl
{
    private const int MaxLength = 4096;

    /// <summary>Takes <c>http</c> and <c>https</c> alone, without a user or a fragment.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url) && text.Length <= MaxLength && url.Scheme is "http" or "https" && url.Host.Length > 0 && url.UserInfo.Length == 0 && url.Fragment.Length == 0;

    /// <returns>Null if there is no such URL: a query cannot have a path behind it.</returns>
    internal static Uri? Of(Uri seed, TorrentInfo info, FileIndex file)
    {
        var endsInSlash = seed.AbsolutePath.EndsWith('/');
        if (info.IsSingleFile && !endsInSlash) return seed;
        if (seed.Query.Length > 0) return null;

        var text = new StringBuilder(seed.AbsoluteUri);
        if (!endsInSlash) text.Append('/');
        text.Append(Uri.EscapeDataString(info.Name));
        if (!info.IsSingleFile)
        {
            foreach (var element in info.Files[file].Path) text.Append('/').Append(Uri.EscapeDataString(element));
        }

        return Uri.TryCreate(text.ToString(), UriKind.Absolute, out var url) ? url : null;
    }
}
