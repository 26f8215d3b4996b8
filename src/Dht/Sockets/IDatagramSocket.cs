using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>A bound datagram socket of one address family. One reader at a time; sending is for one loop and never waits.</summary>
public interface IDatagramSocket : IDisposable
{
    /// <summary>Where it is bound; the address may be the unspecified one.</summary>
    NetEndPoint LocalEndPoint { get; }

    /// <summary>
    /// Waits for a datagram and adds it, with those that have arrived behind it and find room. What is too large for a batch is dropped, errors that a remote
    /// host can cause are passed over.
    /// </summary>
    /// <param name="batch">Empty; not touched after the task ends.</param>
    /// <param name="ct">Stops waiting.</param>
    ValueTask ReceiveAsync(DatagramBatch batch, CancellationToken ct);

    /// <summary>Sends each datagram at once or not at all, as they may get lost anyway, and in this order.</summary>
    /// <param name="batch">To their remote endpoints, from their local addresses where there is a choice. Looked at only now.</param>
    void Send(DatagramBatch batch);
}
