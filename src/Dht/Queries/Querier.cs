using Shoal.Core;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;

namespace Shoal.Dht.Queries;

/// <summary>Sends our queries and remembers who waits for the answer (BEP 5, 33, 43, 44, 51).</summary>
internal sealed class Querier(Func<NodeId> self, bool readOnly, SendBudget budget, Random random)
{
    private readonly PendingQueries _pending = new(random);
    private readonly long[] _sent = new long[KrpcCounters.Verbs];

    public PendingQueries Pending => _pending;

    /// <summary>How many of each kind were sent.</summary>
    public ReadOnlySpan<long> Sent => _sent;

    public bool CanAsk(TimeSpan now) => !_pending.IsFull && budget.HasRoom(now);

    public void Ping(NetEndPoint to, IAsker? asker, object? subject, Turn turn)
    {
        Span<byte> transaction = stackalloc byte[PendingQueries.TransactionLength];
        _pending.Add(to, asker, subject, turn.Now, transaction);
        turn.Outbox.Writer.Ping(transaction, self(), readOnly);
        End(KrpcVerb.Ping, to, turn);
    }

    public void FindNode(NetEndPoint to, Hash160 target, Want want, IAsker asker, object? subject, Turn turn)
    {
        Span<byte> transaction = stackalloc byte[PendingQueries.TransactionLength];
        _pending.Add(to, asker, subject, turn.Now, transaction);
        turn.Outbox.Writer.FindNode(transaction, self(), readOnly, target, want);
        End(KrpcVerb.FindNode, to, turn);
    }

    public void GetPeers(NetEndPoint to, Hash160 key, bool scrape, IAsker asker, object? subject, Turn turn)
    {
        Span<byte> transaction = stackalloc byte[PendingQueries.TransactionLength];
        _pending.Add(to, asker, subject, turn.Now, transaction);
        turn.Outbox.Writer.GetPeers(transaction, self(), readOnly, key, Want.None, scrape);
        End(KrpcVerb.GetPeers, to, turn);
    }

    public void AnnouncePeer(NetEndPoint to, Hash160 key, int port, bool isSeed, ReadOnlySpan<byte> token, IAsker asker, object? subject, Turn turn)
    {
        Span<byte> transaction = stackalloc byte[PendingQueries.TransactionLength];
        _pending.Add(to, asker, subject, turn.Now, transaction);
        turn.Outbox.Writer.AnnouncePeer(transaction, self(), readOnly, key, port, token, isSeed);
        End(KrpcVerb.AnnouncePeer, to, turn);
    }

    public void AnnouncePeers(NetEndPoint to, ReadOnlySpan<Hash160> keys, int port, bool isSeed, ReadOnlySpan<byte> token, IAsker asker, object? subject, Turn turn)
    {
        Span<byte> transaction = stackalloc byte[PendingQueries.TransactionLength];
        _pending.Add(to, asker, subject, turn.Now, transaction);
        turn.Outbox.Writer.AnnouncePeers(transaction, self(), readOnly, keys, port, token, isSeed);
        End(KrpcVerb.AnnouncePeers, to, turn);
    }

    public void Get(NetEndPoint to, Hash160 target, IAsker asker, object? subject, Turn turn)
    {
        Span<byte> transaction = stackalloc byte[PendingQueries.TransactionLength];
        _pending.Add(to, asker, subject, turn.Now, transaction);
        turn.Outbox.Writer.Get(transaction, self(), readOnly, target, sequence: null, Want.None);
        End(KrpcVerb.Get, to, turn);
    }

    public void Put(NetEndPoint to, DhtItem item, long? cas, ReadOnlySpan<byte> token, IAsker asker, object? subject, Turn turn)
    {
        Span<byte> transaction = stackalloc byte[PendingQueries.TransactionLength];
        _pending.Add(to, asker, subject, turn.Now, transaction);
        turn.Outbox.Writer.Put(transaction, self(), readOnly, item, token, cas);
        End(KrpcVerb.Put, to, turn);
    }

    private void End(KrpcVerb verb, NetEndPoint to, Turn turn)
    {
        _sent[(int)verb]++;
        budget.Spend(turn.Outbox.End(to));
    }
}
