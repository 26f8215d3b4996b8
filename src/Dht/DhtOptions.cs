using System.Net;

namespace Shoal.Dht;

/// <summary>How a <see cref="DhtService"/> behaves.</summary>
public sealed record DhtOptions
{
    /// <summary>Asks but does not answer, and says so (BEP 43).</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Bytes a second that may be sent, answers and queries of all addresses together; 0 for no limit. What is above it is left unsaid.</summary>
    public long SendLimit { get; init; }

    /// <summary>What <see cref="DhtService.SaveStateAsync"/> gave last time; what is unreadable or newer is passed over.</summary>
    public ReadOnlyMemory<byte> SavedState { get; init; }

    /// <summary>Told of the bytes of every datagram sent, on the service's loop.</summary>
    public Action<int>? BytesSent { get; init; }

    /// <summary>Told of the bytes of every datagram received, on the service's loop.</summary>
    public Action<int>? BytesReceived { get; init; }

    /// <summary>Datagrams that may wait to be handled at each address; more are dropped and counted.</summary>
    public int MaxWaitingDatagrams { get; init; } = 4096;

    /// <summary>Finds the addresses of a host; the platform's resolver if null.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>>? Resolve { get; init; }
}
