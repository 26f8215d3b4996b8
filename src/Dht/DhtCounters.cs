namespace Shoal.Dht;

/// <summary>What has passed through a node since it started.</summary>
public record struct DhtCounters
{
    public long QueriesReceived { get; set; }

    public long QueriesSent { get; set; }

    public long ResponsesReceived { get; set; }

    public long ErrorsReceived { get; set; }

    /// <summary>Queries of ours that nobody answered in time.</summary>
    public long Timeouts { get; set; }

    /// <summary>Datagrams that were no message, or no answer to anything we asked.</summary>
    public long Malformed { get; set; }

    /// <summary>Queries of sources that ask too much.</summary>
    public long RateLimited { get; set; }

    public static DhtCounters operator +(DhtCounters left, DhtCounters right) => new()
    {
        QueriesReceived = left.QueriesReceived + right.QueriesReceived,
        QueriesSent = left.QueriesSent + right.QueriesSent,
        ResponsesReceived = left.ResponsesReceived + right.ResponsesReceived,
        ErrorsReceived = left.ErrorsReceived + right.ErrorsReceived,
        Timeouts = left.Timeouts + right.Timeouts,
        Malformed = left.Malformed + right.Malformed,
        RateLimited = left.RateLimited + right.RateLimited,
    };

    public static DhtCounters Add(DhtCounters left, DhtCounters right) => left + right;
}
