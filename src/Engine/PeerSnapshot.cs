using Shoal.Core;

namespace Shoal.Engine;

/// <summary>A peer of a swarm, as of the last tick.</summary>
/// <param name="Received">Payload it gave that counted.</param>
/// <param name="Sent">Payload it was given.</param>
/// <param name="WebSeed">The URL, if it is a web server; it has no endpoint then.</param>
public sealed record PeerSnapshot(
    NetEndPoint EndPoint, PeerId PeerId, string? Client, long Received, long Sent, double DownloadRate, double UploadRate, bool IsSeed, Uri? WebSeed = null)
{
    /// <summary>What to call its place.</summary>
    public string Address => WebSeed?.AbsoluteUri ?? EndPoint.ToString();

    public bool IsIncoming { get; init; }

    /// <summary>Whether it lets us ask for blocks.</summary>
    public bool IsChoking { get; init; }

    /// <summary>Whether it wants something of us.</summary>
    public bool IsInterested { get; init; }

    public bool AmChoking { get; init; }

    /// <summary>Whether it has something that we want and lack.</summary>
    public bool AmInterested { get; init; }

    /// <summary>Whether it owes blocks for too long.</summary>
    public bool IsSnubbed { get; init; }

    /// <summary>Blocks that it owes, and may owe.</summary>
    public int Owed { get; init; }

    public int Window { get; init; }

    /// <summary>The shortest that a request took; null before one came back.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>How many pieces it has.</summary>
    public int Pieces { get; init; }
}
