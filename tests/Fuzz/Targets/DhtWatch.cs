using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Core.Bencode;
using Shoal.Dht;
using Shoal.Dht.Krpc;
using Shoal.Dht.Routing;

namespace Shoal.Fuzz.Targets;

/// <summary>
/// Stands beside a node and knows what it may do. A query costs at most two datagrams, both to its sender, so that nobody is reached through us; what is sent is well formed and short;
/// only endpoints are asked that somebody of no wider scope named; only those are in the table that answered our transaction; and all that others can fill is bounded.
/// </summary>
/// <param name="node">Watched from its beginning.</param>
/// <param name="options">Its own.</param>
/// <param name="heard">Whom a node of this process may ask: the two of them tell each other.</param>
internal sealed class DhtWatch(DhtNode node, DhtNodeOptions options, HashSet<NetEndPoint> heard)
{
    private const int MaxDatagram = 1200;
    private const int MaxPerQuery = 2;
    private const int MaxPerAnswer = 256;
    private const int MaxLookups = 256;

    /// <summary>Longer than the node waits for an answer.</summary>
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(1);

    private readonly HashSet<(NodeId, NetEndPoint)> _answered = [];
    private readonly List<(NetEndPoint To, uint Transaction, TimeSpan At)> _asked = [];
    private (bool IsMessage, KrpcType Type, bool IsExpected, NetEndPoint From, byte[] Transaction) _handled;
    private DhtCounters _before;
    private int _checkedVersion = -1;

    public DhtNode Node => node;

    /// <summary>In the answer to the datagram that was handled last, if there was one.</summary>
    public byte[]? LastToken { get; private set; }

    /// <summary>One of the latest queries that nobody has answered.</summary>
    public bool TryPickAsked(int which, out NetEndPoint to, out byte[] transaction)
    {
        const int Latest = 24;
        (to, transaction) = (default, new byte[4]);
        if (_asked.Count == 0) return false;

        (to, var id, _) = _asked[^(1 + which % Math.Min(Latest, _asked.Count))];
        BinaryPrimitives.WriteUInt32BigEndian(transaction, id);
        return true;
    }

    public void BeginHandling(ReadOnlySpan<byte> datagram, NetEndPoint from, ref Outcome outcome)
    {
        _before = node.Counters;
        LastToken = null;
        var isMessage = KrpcReader.TryRead(datagram, out var message);
        _handled = (isMessage, message.Type, false, from, message.Transaction.ToArray());
        outcome.Add(isMessage);
        if (!isMessage) return;

        outcome.Add((int)message.Type);
        outcome.Add((int)message.Verb);
        if (message.Type == KrpcType.Query)
        {
            heard.Add(from);
            return;
        }

        var asked = message.Transaction.Length == 4 ? IndexOfAsked(from, BinaryPrimitives.ReadUInt32BigEndian(message.Transaction)) : -1;
        _handled.IsExpected = asked >= 0;
        outcome.Add(_handled.IsExpected);
        if (asked < 0) return;

        _asked.RemoveAt(asked);
        if (message.Type != KrpcType.Response) return;
        if (message.Id is { } id) _answered.Add((id, from));

        Hear(message.Nodes, from.Scope);
        Hear(message.Nodes6, from.Scope);
    }

    private int IndexOfAsked(NetEndPoint from, uint transaction)
    {
        for (var i = _asked.Count - 1; i >= 0; i--)
            if (_asked[i].Transaction == transaction && _asked[i].To == from) return i;
        return -1;
    }

    private void Hear(CompactNodes nodes, NetworkScope source)
    {
        while (nodes.TryNext(out _, out var named))
            if (named.IsUsableFrom(source)) heard.Add(named);
    }

    public void EndHandling(Outbox outbox, ref Outcome outcome)
    {
        var counters = node.Counters;
        var counted = counters.QueriesReceived - _before.QueriesReceived + counters.ResponsesReceived - _before.ResponsesReceived
            + counters.ErrorsReceived - _before.ErrorsReceived + counters.Malformed - _before.Malformed;
        Violation.Unless(counted is 0 or 1, "one datagram counts as several");
        outcome.Add(counters.RateLimited - _before.RateLimited);
        outcome.Add(counters.Malformed - _before.Malformed);

        var isQuery = _handled.IsMessage && _handled.Type == KrpcType.Query;
        Violation.Unless(outbox.Count <= (isQuery ? MaxPerQuery : _handled.IsExpected ? MaxPerAnswer : 0), "too many datagrams for one", $"{outbox.Count}");
        for (var i = 0; i < outbox.Count; i++)
        {
            Violation.Unless(KrpcReader.TryRead(outbox.Datagram(i), out var reply), "a datagram that is no message");
            outcome.Add((int)reply.Type);
            if (reply.Type == KrpcType.Query)
            {
                outcome.Add((int)reply.Verb);
                Violation.Unless(!isQuery || outbox.To(i) == _handled.From, "a query makes us ask somebody else");
                continue;
            }

            Violation.Unless(isQuery, "answers what is no query");
            Violation.Unless(outbox.To(i) == _handled.From && reply.Transaction.SequenceEqual(_handled.Transaction), "an answer to somebody else");
            outcome.Add(reply.ErrorCode);
            outcome.AddShape(outbox.Datagram(i), values: 40);
            if (reply.Token.Length > 0) LastToken = reply.Token.ToArray();
        }
    }

    /// <summary>Something goes out, whatever the reason.</summary>
    public void Sent(ReadOnlySpan<byte> datagram, NetEndPoint to, TimeSpan now, out KrpcMessage message)
    {
        Violation.Unless(datagram.Length <= MaxDatagram, "a datagram that is too long", $"{datagram.Length}");
        Violation.Unless(KrpcReader.TryRead(datagram, out message), "a datagram that is no message");
        var reader = new BencodeReader(datagram);
        Violation.Unless(reader.TrySkip() && reader.AtEnd, "a datagram with something after it");
        Violation.Unless(to.IsUsableFrom(NetworkScope.None), "a datagram to nobody");
        if (message.Type != KrpcType.Query) return;

        Violation.Unless(heard.Contains(to), "asks whom nobody may have named", $"{to}");
        if (_asked.Count > 0 && now - _asked[0].At > ForgetAfter) _asked.RemoveAll(a => now - a.At > ForgetAfter);
        _asked.Add((to, BinaryPrimitives.ReadUInt32BigEndian(message.Transaction), now));
    }

    public void CheckBounds(ref Outcome outcome)
    {
        Violation.Unless(node.Lookups.Count <= MaxLookups, "too many lookups", $"{node.Lookups.Count}");
        Violation.Unless(node.Store.Keys <= options.MaxStoredKeys && node.Store.Peers <= node.Store.Keys * options.MaxPeersPerKey, "the store is too full");
        Violation.Unless(node.Items.Count <= options.MaxStoredItems, "too many items");
        outcome.Add(node.Items.Count > 0);
        outcome.Add(node.Store.Keys > 0);
        outcome.Add(node.Store.Keys == options.MaxStoredKeys);
        if (node.Table.Version == _checkedVersion) return;

        _checkedVersion = node.Table.Version;
        CheckTable();
    }

    private void CheckTable()
    {
        var table = node.Table;
        var count = 0;
        for (var i = 0; i < table.Buckets.Count; i++)
        {
            var bucket = table.Buckets[i];
            count += bucket.Contacts.Count;
            Violation.Unless(bucket.Contacts.Count <= bucket.Capacity && bucket.Replacements.Count <= RoutingTable.K, "a bucket is too full");
            foreach (var contact in bucket.Contacts)
            {
                Violation.Unless(_answered.Contains((contact.Id, contact.EndPoint)), "a contact that never answered", $"{contact.Id} {contact.EndPoint}");
                Violation.Unless(table.Find(contact.EndPoint) == contact, "a contact that cannot be found", $"{contact.EndPoint}");
                Violation.Unless(Math.Min((contact.Id.Value ^ node.Id.Value).LeadingZeros, table.Buckets.Count - 1) == i, "a contact in a wrong bucket", $"{contact.Id}");
            }
        }

        Violation.Unless(count == table.Count && table.Buckets.Count <= Hash160.Bits, "the table miscounts");
    }
}
