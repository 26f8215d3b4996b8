using System.Net;
using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>Where a node goes out from, and what hosts it can reach from there. Immutable.</summary>
/// <param name="listen">The addresses that the user named; empty for any.</param>
/// <param name="lookUp">The system's way from a name to addresses.</param>
internal sealed class LocalRoutes(IReadOnlyList<IPAddress> listen, Func<string, CancellationToken, Task<IPAddress[]>> lookUp)
{
    /// <summary>What to bind to before going out; null for what the system chooses.</summary>
    public IPAddress? LocalFor(AddressFamily family) => listen.FirstOrDefault(a => a.AddressFamily == family);

    /// <summary>The addresses of a host that can be gone to from here; none if the name is not known.</summary>
    /// <param name="host">A name, or an address without brackets.</param>
    /// <param name="ct">Ends it early.</param>
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken ct)
    {
        if (IPAddress.TryParse(host, out var literal)) return [.. new[] { literal }.Where(IsReachable)];

        try
        {
            return [.. (await lookUp(host, ct).WaitAsync(ct)).Where(IsReachable)];
        }
        catch (SocketException)
        {
            return [];
        }
    }

    public static string Sentence(SocketError? error) => error switch
    {
        SocketError.ConnectionRefused => "nobody answers at its port",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name is not known",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.AddressNotAvailable or SocketError.InvalidArgument => "there is no way to it from here",
        _ => "no connection to it comes about",
    };

    private bool IsReachable(IPAddress address) =>
        (listen.Count == 0 ? address.AddressFamily == AddressFamily.InterNetwork || Socket.OSSupportsIPv6 : LocalFor(address.AddressFamily) is not null)
        && new NetEndPoint(address, 0).Scope != NetworkScope.None;
}
