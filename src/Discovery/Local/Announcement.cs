using Shoal.Core;

namespace Shoal.Discovery.Local;

/// <summary>One datagram of local discovery: what its sender takes part in, and what it looks for (BEP 14; decision 12 for what is ours).</summary>
internal sealed record Announcement
{
    /// <summary>Of a datagram, so that it fits a frame (BEP 14).</summary>
    public const int MaxLength = 1400;

    /// <summary>How many names we put into one; they fit, whatever the ports and the cookie.</summary>
    public const int MaxNames = 22;

    public const int MaxCookieLength = 64;

    /// <summary>TCP; 0 for none.</summary>
    public int Port { get; init; }

    /// <summary>UDP, of the DHT node that meets others here; 0 for none. Counts only in a rendezvous.</summary>
    public int DhtPort { get; init; }

    /// <summary>Tells senders apart, whatever their addresses; empty for none.</summary>
    public string Cookie { get; init; } = "";

    /// <summary>Whether the rendezvous is among its names. It is in no list.</summary>
    public bool IsRendezvous { get; init; }

    /// <summary>What can be had from the sender at <see cref="Port"/>.</summary>
    public IReadOnlyList<Hash160> Torrents { get; init; } = [];

    /// <summary>What the sender would hear of, without taking part.</summary>
    public IReadOnlyList<Hash160> Wanted { get; init; } = [];
}
