using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Dht.Announcing;

namespace Shoal.Dht.Lookups;

/// <summary>A query of ours that is not answered yet, and on whose behalf it was sent; on nobody's, it only shows who lives.</summary>
internal sealed record PendingQuery(NetEndPoint To, TimeSpan SentAt, TimeSpan SlowAt)
{
    public uint Transaction { get; init; }

    public Lookup? Lookup { get; init; }

    public Candidate? Candidate { get; init; }

    public AnnounceRound? Round { get; init; }

    public bool IsSlow { get; set; }
}

/// <summary>Matches answers to queries: by a random transaction ID and by the endpoint that was asked, both or nothing. Bounded.</summary>
internal sealed class PendingQueries(Random random)
{
    public const int TransactionLength = 4;

    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private const int Max = 16 * 1024;

    private readonly Dictionary<uint, PendingQuery> _pending = [];
    private readonly List<PendingQuery> _due = [];

    public int Count => _pending.Count;

    public bool IsFull => _pending.Count >= Max;

    public RoundTrip RoundTrip { get; } = new();

    public bool Awaits(NetEndPoint endPoint)
    {
        foreach (var query in _pending.Values)
            if (query.To == endPoint) return true;
        return false;
    }

    public void Add(NetEndPoint to, TimeSpan now, Span<byte> transaction, Lookup? lookup = null, Candidate? candidate = null, AnnounceRound? round = null)
    {
        uint id;
        do id = (uint)random.NextInt64(uint.MaxValue);
        while (_pending.ContainsKey(id));

        BinaryPrimitives.WriteUInt32BigEndian(transaction, id);
        _pending.Add(id, new PendingQuery(to, now, now + RoundTrip.ShortTimeout) { Transaction = id, Lookup = lookup, Candidate = candidate, Round = round });
    }

    public bool TryTake(ReadOnlySpan<byte> transaction, NetEndPoint from, out PendingQuery query)
    {
        query = null!;
        if (transaction.Length != TransactionLength) return false;

        var id = BinaryPrimitives.ReadUInt32BigEndian(transaction);
        if (!_pending.TryGetValue(id, out var found) || found.To != from) return false;

        _pending.Remove(id);
        query = found;
        return true;
    }

    /// <summary>Queries that have just become slow, and those that are over; in the order in which they were found. Valid until the next call.</summary>
    public IReadOnlyList<PendingQuery> TakeDue(TimeSpan now)
    {
        _due.Clear();
        foreach (var query in _pending.Values)
            if (now - query.SentAt >= Timeout || (!query.IsSlow && now >= query.SlowAt)) _due.Add(query);

        foreach (var query in _due)
            if (now - query.SentAt >= Timeout) _pending.Remove(query.Transaction);
        return _due;
    }
}
