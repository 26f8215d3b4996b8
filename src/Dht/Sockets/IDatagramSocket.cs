using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>A bound datagram socket of one address family. One reader at a time; sending is for one loop and never waits.</summary>
public interface IDatagramSocket : IDisposable
{
    /// <summary>Where it is bound; the address may be the unspecified one.</summary>
    NetEndPoint LocalEndPoint { get; }

    /// <summary>Waits for the next datagram. What does not fit the buffer is dropped, errors that a remote host can cause are passed over.</summary>
    ValueTask<ReceivedDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken ct);

    /// <summary>Sends at once or not at all, as datagrams may get lost anyway.</summary>
    /// <param name="datagram">Looked at only now.</param>
    /// <param name="to">Where to.</param>
    /// <param name="via">The local address it should come from, where there is a choice; default for any.</param>
    void Send(ReadOnlySpan<byte> datagram, NetEndPoint to, NetEndPoint via);
}

/// <param name="Length">How much of the buffer it filled.</param>
/// <param name="From">Who sent it.</param>
/// <param name="Local">The local address that it was sent to, and our port.</param>
public readonly record struct ReceivedDatagram(int Length, NetEndPoint From, NetEndPoint Local);
