using System.Net;
using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>What came of an announce: peers, or why there are none.</summary>
public sealed record AnnounceReply
{
    /// <summary>Why it came to nothing, in words that follow the tracker's name and a colon: the tracker's own, or what happened on the way. Null if it worked.</summary>
    public string? Failure { get; init; }

    /// <summary>With a failure: how long to leave the tracker alone; <see cref="Timeout.InfiniteTimeSpan"/> for ever (BEP 31).</summary>
    public TimeSpan? RetryIn { get; init; }

    /// <summary>Something the tracker wants people to read, made harmless.</summary>
    public string? Warning { get; init; }

    /// <summary>As the tracker says, unbounded.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>No announce without an event before that.</summary>
    public TimeSpan? MinInterval { get; init; }

    /// <summary>To be said in the next announce; empty for nothing.</summary>
    public ReadOnlyMemory<byte> TrackerId { get; init; }

    /// <summary>How many have all of it, as the tracker counts; null if it does not say.</summary>
    public int? Seeds { get; init; }

    /// <summary>How many fetch it, as the tracker counts; null if it does not say.</summary>
    public int? Downloaders { get; init; }

    public IReadOnlyList<NetEndPoint> Peers { get; init; } = [];

    /// <summary>Our address as the tracker sees it (BEP 24).</summary>
    public IPAddress? ExternalAddress { get; init; }

    public static AnnounceReply Failed(string reason, TimeSpan? retryIn = null) => new() { Failure = reason, RetryIn = retryIn };

    /// <summary>The replies over several address families as one: whatever worked counts.</summary>
    internal static AnnounceReply Merge(IReadOnlyList<AnnounceReply> replies)
    {
        var good = replies.Where(r => r.Failure is null).ToList();
        if (good.Count == 0) return replies[0];
        if (good.Count == 1) return good[0];

        return good[0] with
        {
            Warning = good.Select(r => r.Warning).FirstOrDefault(w => w is not null),
            Interval = good.Max(r => r.Interval),
            MinInterval = good.Max(r => r.MinInterval),
            Seeds = good.Max(r => r.Seeds),
            Downloaders = good.Max(r => r.Downloaders),
            Peers = [.. good.SelectMany(r => r.Peers).Distinct()],
            ExternalAddress = good.Select(r => r.ExternalAddress).FirstOrDefault(a => a is not null),
        };
    }

    /// <summary>Without those that cannot be peers of somebody who asks at such an address: no port, or of a narrower scope.</summary>
    internal AnnounceReply From(NetworkScope tracker) => this with { Peers = [.. Peers.Where(p => p.IsUsableFrom(tracker)).Distinct()] };
}
