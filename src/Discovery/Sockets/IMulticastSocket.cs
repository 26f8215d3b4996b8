using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Discovery.Sockets;

/// <summary>Where the group of one address family is spoken and heard, on all interfaces that belong to us. One reader at a time; the rest is for one loop.</summary>
public interface IMulticastSocket : IDisposable
{
    AddressFamily Family { get; }

    /// <summary>Looks which interfaces there are now, and joins the group on those that are new.</summary>
    /// <returns>Whether there are new ones.</returns>
    bool Refresh();

    /// <summary>Whether an address is in the subnet of such an interface.</summary>
    bool IsOnLink(NetEndPoint endPoint);

    /// <summary>Sends on every interface, at once or not at all.</summary>
    /// <param name="datagram">Looked at only now.</param>
    /// <returns>On how many.</returns>
    int Send(ReadOnlySpan<byte> datagram);

    /// <summary>Waits for the next datagram to the group, our own included. What does not fit the buffer is dropped.</summary>
    ValueTask<HeardDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken ct);
}

/// <param name="Length">How much of the buffer it filled.</param>
/// <param name="From">Who sent it.</param>
public readonly record struct HeardDatagram(int Length, NetEndPoint From);
