using System.Net;
using System.Net.Sockets;

namespace Shoal.Node.Network;

/// <summary>Binds sockets on several addresses at one port: at exactly the port that was asked for, or from a default upward at the first that is free on all.</summary>
internal static class PortRange
{
    private const int Tries = 200;

    public static IReadOnlyList<T> Bind<T>(string what, string option, IReadOnlyList<IPAddress> addresses, int port, bool isExact, Func<IPEndPoint, T> bind)
        where T : notnull
    {
        for (var offset = 0; offset < (isExact ? 1 : Tries); offset++)
        {
            if (TryBind(what, option, addresses, port + offset, bind, out var bound)) return bound;
        }

        throw new ShoalException("port-taken", isExact
            ? $"The {what} port {port} is taken by another program. Choose another with {option}, or leave it out to have a free one chosen."
            : $"No {what} port from {port} to {port + Tries - 1} is free. Choose one with {option}.");
    }

    private static bool TryBind<T>(string what, string option, IReadOnlyList<IPAddress> addresses, int port, Func<IPEndPoint, T> bind, out IReadOnlyList<T> bound)
        where T : notnull
    {
        var sockets = new List<T>();
        bound = sockets;
        var isDefault = addresses.Count == 0;
        foreach (var address in isDefault ? [IPAddress.Any, IPAddress.IPv6Any] : addresses)
        {
            try
            {
                sockets.Add(bind(new IPEndPoint(address, port)));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                Release(sockets);
                return false;
            }
            catch (SocketException e) when (isDefault && address.AddressFamily == AddressFamily.InterNetworkV6 && e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable)
            {
                // a machine without IPv6
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
            {
                Release(sockets);
                throw new ShoalException("port-forbidden", $"This user may not listen on {what} port {port}. Choose one above 1023 with {option}.", e);
            }
            catch (SocketException e)
            {
                Release(sockets);
                throw new ShoalException("address-unavailable", $"Cannot listen on {address}: it is not an address of this machine. Give one that is with --listen, or leave it out.", e);
            }
        }

        return true;
    }

    private static void Release<T>(List<T> sockets)
    {
        foreach (var socket in sockets)
        {
            if (socket is IDisposable disposable) disposable.Dispose();
            else if (socket is IAsyncDisposable asyncDisposable) _ = asyncDisposable.DisposeAsync().AsTask();
        }

        sockets.Clear();
    }
}
