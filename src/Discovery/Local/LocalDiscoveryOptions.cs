namespace Shoal.Discovery.Local;

/// <summary>What a node tells the local network of itself.</summary>
public sealed record LocalDiscoveryOptions
{
    /// <summary>Where we accept peers, TCP; 0 for nowhere, and then no torrent is announced.</summary>
    public int Port { get; init; }

    /// <summary>Where our DHT node answers, UDP; 0 if it does not.</summary>
    public int DhtPort { get; init; }

    /// <summary>Told of the bytes of every datagram sent, on the service's loop.</summary>
    public Action<int>? BytesSent { get; init; }

    /// <summary>Told of the bytes of every datagram received, on the service's loop.</summary>
    public Action<int>? BytesReceived { get; init; }
}
