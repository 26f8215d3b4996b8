using Shoal.Core;

namespace Shoal.Wire.Transport;

/// <summary>Takes streams at one address.</summary>
public interface ITransportListener : IAsyncDisposable
{
    NetEndPoint LocalEndPoint { get; }

    /// <summary>The next stream; null when the listener is closed.</summary>
    /// <exception cref="IOException">None can be taken now: too many files are open.</exception>
    ValueTask<ITransportConnection?> AcceptAsync(CancellationToken ct);
}
