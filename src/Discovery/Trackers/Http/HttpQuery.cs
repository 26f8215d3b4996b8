using System.Globalization;
using System.Text;
using Shoal.Core;

namespace Shoal.Discovery.Trackers.Http;

/// <summary>Writes what is asked of an HTTP tracker: a path and a query (BEP 3, BEP 23, BEP 48).</summary>
internal static class HttpQuery
{
    /// <summary>Most torrents of one scrape, so that the line stays within what servers read.</summary>
    public const int MaxScraped = 50;

    public static string Announce(TrackerUrl tracker, AnnounceRequest request)
    {
        var query = Begin(tracker.PathAndQuery);
        Append(query, "info_hash", request.Torrent);
        Append(query, "&peer_id", request.PeerId.Value);
        query.Append(
            CultureInfo.InvariantCulture,
            $"&port={request.Port}&uploaded={request.Counts.Uploaded}&downloaded={request.Counts.Downloaded}&left={request.Counts.Left}&compact=1&no_peer_id=1&numwant={request.Wanted}&key={request.Key:X8}");
        if (request.Event != AnnounceEvent.None) query.Append("&event=").Append(Word(request.Event));
        if (!request.TrackerId.IsEmpty) AppendEscaped(query.Append("&trackerid="), request.TrackerId.Span);
        return query.ToString();
    }

    /// <returns>False if the tracker's URL does not say where it would be scraped: its last part does not begin with <c>announce</c>.</returns>
    public static bool TryScrape(TrackerUrl tracker, IReadOnlyList<Hash160> torrents, out string query)
    {
        const string Announce = "announce";
        query = "";
        var text = tracker.PathAndQuery;
        var end = text.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark ? mark : text.Length;
        var last = text.LastIndexOf('/', end - 1) + 1;
        if (last == 0 || !text.AsSpan(last).StartsWith(Announce, StringComparison.Ordinal)) return false;

        var path = Begin(string.Concat(text.AsSpan(0, last), "scrape", text.AsSpan(last + Announce.Length)));
        for (var i = 0; i < Math.Min(torrents.Count, MaxScraped); i++) Append(path, i == 0 ? "info_hash" : "&info_hash", torrents[i]);
        query = path.ToString();
        return true;
    }

    private static StringBuilder Begin(string pathAndQuery)
    {
        var mark = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        var text = new StringBuilder(pathAndQuery);
        if (mark < 0) text.Append('?');
        else if (mark < pathAndQuery.Length - 1 && pathAndQuery[^1] != '&') text.Append('&');
        return text;
    }

    private static string Word(AnnounceEvent reason) => reason switch
    {
        AnnounceEvent.Started => "started",
        AnnounceEvent.Completed => "completed",
        _ => "stopped",
    };

    private static void Append(StringBuilder query, string name, Hash160 value)
    {
        Span<byte> bytes = stackalloc byte[Hash160.Length];
        value.CopyTo(bytes);
        AppendEscaped(query.Append(name).Append('='), bytes);
    }

    private static void AppendEscaped(StringBuilder query, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~') query.Append((char)b);
            else query.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }
    }
}
