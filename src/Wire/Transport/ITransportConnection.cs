using Shoal.Core;

namespace Shoal.Wire.Transport;

/// <summary>A stream to a peer. One reader and one writer at a time; closing it ends both.</summary>
public interface ITransportConnection : IAsyncDisposable
{
    NetEndPoint LocalEndPoint { get; }

    NetEndPoint RemoteEndPoint { get; }

    /// <returns>Bytes read; 0 when the other side is done.</returns>
    /// <exception cref="IOException">The connection broke.</exception>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct);

    /// <summary>Sends all of it, in order, in as few calls as can be. The list and its arrays are lent until the task ends.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    ValueTask SendAsync(IList<ArraySegment<byte>> buffers, CancellationToken ct);
}
