using Shoal.Core;

namespace Shoal.Wire.Transport;

/// <summary>Makes and takes streams to peers.</summary>
public interface ITransport
{
    /// <exception cref="IOException">Nobody answered there.</exception>
    ValueTask<ITransportConnection> ConnectAsync(NetEndPoint endPoint, CancellationToken ct);
}
