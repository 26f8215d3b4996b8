using System.Net;

namespace Shoal.Discovery.Trackers.Http;

/// <summary>Where a request goes: the addresses its host was found to have, and the one that answered.</summary>
internal sealed class HttpRoute(IReadOnlyList<IPAddress> addresses)
{
    public static readonly HttpRequestOptionsKey<HttpRoute> Key = new("shoal.route");

    public IReadOnlyList<IPAddress> Addresses => addresses;

    public IPAddress? Used { get; set; }
}
