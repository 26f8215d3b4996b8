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
}
