using Shoal.Core;

namespace Shoal.Discovery.Trackers.Udp;

/// <summary>Something asked of a UDP tracker, until it is answered or given up. Ends once, by <see cref="TryTake"/> or <see cref="Fail"/>. Owned by its session.</summary>
internal abstract class UdpQuestion
{
    public abstract UdpAction Action { get; }

    public uint Transaction { get; set; }

    /// <summary>When to send it, or send it again.</summary>
    public TimeSpan SendAt { get; set; }

    public TimeSpan GiveUpAt { get; set; }

    /// <summary>How often it was sent.</summary>
    public int Tries { get; set; }

    public abstract int Write(Span<byte> destination, ulong connection);

    /// <returns>False for what is no answer to it: it goes on waiting.</returns>
    public abstract bool TryTake(ReadOnlySpan<byte> payload, bool isV6);

    public abstract void Fail(string reason);
}

/// <param name="request">What is said.</param>
/// <param name="urlData">Path and query of the tracker's URL (BEP 41).</param>
/// <param name="ended">Told of the end.</param>
internal sealed class UdpAnnounce(AnnounceRequest request, string urlData, Action<AnnounceReply> ended) : UdpQuestion
{
    public override UdpAction Action => UdpAction.Announce;

    public override int Write(Span<byte> destination, ulong connection) => UdpTrackerWriter.WriteAnnounce(destination, connection, Transaction, request, urlData);

    public override bool TryTake(ReadOnlySpan<byte> payload, bool isV6)
    {
        var isRead = UdpReplyReader.TryReadAnnounce(payload, isV6, out var reply);
        if (isRead) ended(reply);
        return isRead;
    }

    public override void Fail(string reason) => ended(AnnounceReply.Failed(reason));
}

/// <param name="torrents">At most <see cref="UdpTrackerWriter.MaxScraped"/>.</param>
/// <param name="ended">Told of the end; null for no answer.</param>
internal sealed class UdpScrape(IReadOnlyList<Hash160> torrents, Action<ScrapeCounts[]?> ended) : UdpQuestion
{
    public override UdpAction Action => UdpAction.Scrape;

    public override int Write(Span<byte> destination, ulong connection) => UdpTrackerWriter.WriteScrape(destination, connection, Transaction, torrents);

    public override bool TryTake(ReadOnlySpan<byte> payload, bool isV6)
    {
        var counts = new ScrapeCounts[torrents.Count];
        var isRead = UdpReplyReader.TryReadScrape(payload, counts);
        if (isRead) ended(counts);
        return isRead;
    }

    public override void Fail(string reason) => ended(null);
}
