using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Shoal.Core;

namespace Shoal.Dht.Queries;

/// <summary>Matches answers to queries: by a random transaction ID and by the endpoint that was asked, both or nothing. Bounded.</summary>
internal sealed class PendingQueries(Random random)
{
    public const int TransactionLength = 4;

    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private const int Max = 16 * 1024;

    private readonly Dictionary<uint, PendingQuery> _pending = [];
    private readonly Dictionary<NetEndPoint, int> _awaited = [];
    private readonly List<PendingQuery> _due = [];

    public int Count => _pending.Count;

    public bool IsFull => _pending.Count >= Max;

    public RoundTrip RoundTrip { get; } = new();

    /// <summary>How many answers of an endpoint are waited for.</summary>
    public int Awaited(NetEndPoint endPoint) => _awaited.GetValueOrDefault(endPoint);

    /// <param name="to">Who is asked.</param>
    /// <param name="asker">Who hears of it; null if nobody does.</param>
    /// <param name="subject">What the asker knows it by.</param>
    /// <param name="now">When.</param>
    /// <param name="transaction"><see cref="TransactionLength"/> bytes to fill.</param>
    public void Add(NetEndPoint to, IAsker? asker, object? subject, TimeSpan now, Span<byte> transaction)
    {
        uint id;
        do id = (uint)random.NextInt64(uint.MaxValue);
        while (_pending.ContainsKey(id));

        BinaryPrimitives.WriteUInt32BigEndian(transaction, id);
        _pending.Add(id, new PendingQuery(id, to, asker, subject, now, now + RoundTrip.ShortTimeout));
        CollectionsMarshal.GetValueRefOrAddDefault(_awaited, to, out _)++;
    }

    public bool TryTake(ReadOnlySpan<byte> transaction, NetEndPoint from, out PendingQuery query)
    {
        query = null!;
        if (transaction.Length != TransactionLength) return false;

        var id = BinaryPrimitives.ReadUInt32BigEndian(transaction);
        if (!_pending.TryGetValue(id, out var found) || found.To != from) return false;

        Remove(found);
        query = found;
        return true;
    }

    /// <summary>Queries that have just become slow, and those that are over; in the order in which they were found. Valid until the next call.</summary>
    public IReadOnlyList<PendingQuery> TakeDue(TimeSpan now)
    {
        _due.Clear();
        foreach (var query in _pending.Values)
            if (IsOver(query, now) || (!query.IsSlow && now >= query.SlowAt)) _due.Add(query);

        foreach (var query in _due)
            if (IsOver(query, now)) Remove(query);
        return _due;
    }

    public static bool IsOver(PendingQuery query, TimeSpan now) => now - query.SentAt >= Timeout;

    private void Remove(PendingQuery query)
    {
        _pending.Remove(query.Transaction);
        if (--CollectionsMarshal.GetValueRefOrAddDefault(_awaited, query.To, out _) <= 0) _awaited.Remove(query.To);
    }
}
