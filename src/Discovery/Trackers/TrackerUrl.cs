using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Shoal.Discovery.Trackers;

/// <summary>The announce URL of a tracker, read and checked: <c>http</c>, <c>https</c> (BEP 3) or <c>udp</c> (BEP 15). Equal if it was written alike.</summary>
public sealed record TrackerUrl
{
    /// <summary>In characters, escaped.</summary>
    public const int MaxLength = 2048;

    private TrackerUrl(string text, Uri uri)
    {
        Text = text;
        Scheme = uri.Scheme;
        Host = uri.IdnHost;
        Port = uri.Port;
        PathAndQuery = uri.PathAndQuery;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>In lower case.</summary>
    public string Scheme { get; }

    public bool IsUdp => Scheme == "udp";

    /// <summary>A name, or an address without brackets.</summary>
    public string Host { get; }

    public int Port { get; }

    /// <summary>Escaped, from the first slash on, without a fragment.</summary>
    public string PathAndQuery { get; }

    /// <summary>Without path and query, which may hold a key of the user's: for sentences that are read by others too.</summary>
    public string Shown => string.Create(CultureInfo.InvariantCulture, $"{Scheme}://{Authority}");

    private string Authority => string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");

    /// <summary>The address of something else at the same host.</summary>
    internal Uri With(string pathAndQuery) =>
        new($"{Scheme}://{Authority}{pathAndQuery}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out TrackerUrl? url)
    {
        url = null;
        if (text is null or { Length: 0 or > MaxLength } || text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))) return false;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https" or "udp")) return false;

        try
        {
            if (uri.IdnHost.Length == 0 || uri.Port is <= 0 or > ushort.MaxValue || uri.PathAndQuery.Length > MaxLength) return false;
        }
        catch (UriFormatException)
        {
            return false; // a name that is none, which is only seen now
        }

        url = new TrackerUrl(text, uri);
        return true;
    }

    public bool Equals(TrackerUrl? other) => other is not null && Text == other.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Shown;
}
