using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht.Announcing;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;
using Shoal.Dht.Lookups;
using Shoal.Dht.Queries;
using Shoal.Dht.Routing;
using Shoal.Dht.Serving;

namespace Shoal.Dht;

/// <summary>
/// A node of the Mainline DHT at one address of ours (BEP 5, 32, 33, 42 to 45, 51): answers queries, keeps its routing table true, looks up, announces.
/// Synchronous and without I/O: datagrams, commands and ticks come with the time, what is to be sent or told goes to the outbox.
/// Invariants: nobody enters the table before answering us with our transaction ID; no endpoint is contacted that is of narrower scope than its source.
/// Owned by <see cref="DhtService"/>'s loop, or by a simulation.
/// </summary>
internal sealed class DhtNode
{
    private readonly AddressFamily _family;
    private readonly DhtNodeOptions _options;
    private readonly Random _random;
    private readonly RoutingTable _table;
    private readonly ExternalAddress _external = new();
    private readonly Announcer _announcer;
    private readonly Responder _responder;
    private readonly SourceLimiter _limiter;
    private readonly SendBudget _budget;
    private readonly Querier _querier;
    private readonly SeedList _seeds = new();
    private readonly LookupTable _lookups;
    private readonly Joining _joining;
    private readonly Tasks _tasks;
    private readonly NetEndPoint[] _found = new NetEndPoint[256];
    private readonly long[] _received = new long[KrpcCounters.Verbs];
    private DhtCounters _counters;

    public DhtNode(NodeId id, AddressFamily family, DhtNodeOptions options, Random random, TimeSpan now, SendBudget? budget = null)
    {
        _family = family;
        _options = options;
        _random = random;
        _table = new RoutingTable(id);
        _limiter = new SourceLimiter(options.SourceSlots, options.QueriesPerGlobalSource, options.QueriesPerLocalSource, random);
        _budget = budget ?? new SendBudget(bytesPerSecond: 0);
        _querier = new Querier(() => _table.Self, options.ReadOnly, _budget, random);
        _lookups = new LookupTable(_table, _querier, _seeds, random);
        _announcer = new Announcer(_lookups, _table, _external, random);
        _responder = new Responder(id, family, _table, _announcer.PortOf, options, random, now);
        _joining = new Joining(_table, _seeds, _lookups, new Upkeep(_table, random, now), _querier, random);
        _tasks = new Tasks(_lookups, _querier);
    }

    public NodeId Id => _table.Self;

    public AddressFamily Family => _family;

    public RoutingTable Table => _table;

    public PeerStore Store => _responder.Peers;

    public ItemStore Items => _responder.Items;

    public Announcer Announcer => _announcer;

    public LookupTable Lookups => _lookups;

    public ExternalAddress External => _external;

    public DhtCounters Counters => _counters;

    /// <summary>Queries received, by verb.</summary>
    public ReadOnlySpan<long> Received => _received;

    /// <summary>Queries sent, by verb.</summary>
    public ReadOnlySpan<long> Sent => _querier.Sent;

    /// <summary>The latest moment at which <see cref="Tick"/> has something to do.</summary>
    public TimeSpan NextTick(TimeSpan now)
    {
        var next = _querier.Pending.Count > 0 ? now + TimeSpan.FromMilliseconds(100) : _joining.NextAt;
        var due = _announcer.NextDue(now);
        return due < next ? due : next;
    }

    /// <summary>Tells contacts of a node of the other family in this process to those who want them, and contacts to it while it has none (BEP 32).</summary>
    public void PairWith(DhtNode sibling)
    {
        _responder.OtherTable = sibling._table;
        _lookups.OtherFamilyIsEmpty = () => sibling._table.Count == 0;
        _lookups.TellOtherFamily = (endPoint, turn) => sibling.AddSeed(endPoint, configured: false, turn.Now, turn.Outbox);
    }

    /// <param name="datagram">Whatever arrived.</param>
    /// <param name="from">Who sent it.</param>
    /// <param name="local">Our endpoint on which it arrived.</param>
    /// <param name="now">Monotonic, since start.</param>
    /// <param name="outbox">Takes what is to be done.</param>
    public void Handle(ReadOnlySpan<byte> datagram, NetEndPoint from, NetEndPoint local, TimeSpan now, Outbox outbox)
    {
        if (from.Family != _family || !from.IsUsableFrom(NetworkScope.None)) return;

        var turn = new Turn(now, outbox);
        if (!KrpcReader.TryRead(datagram, out var message)) _counters.Malformed++;
        else if (message.Type == KrpcType.Query) HandleQuery(message, from, local, turn);
        else if (_querier.Pending.TryTake(message.Transaction, from, out var query)) HandleAnswer(message, query, turn);
        else _counters.Malformed++;
    }

    public void Tick(TimeSpan now, Outbox outbox)
    {
        var turn = new Turn(now, outbox);
        foreach (var query in _querier.Pending.TakeDue(now)) HandleDue(query, turn);

        _responder.Tick(now);
        _joining.Tick(turn);
        _lookups.Pump(turn);
        _announcer.Tick(turn);
    }

    /// <summary>Begins to look for peers of a key. It ends with <see cref="FindEnded"/>, or waits for a first contact as long as there is none.</summary>
    public int Find(Hash160 key, TimeSpan now, Outbox outbox, bool scrape = false)
    {
        var turn = new Turn(now, outbox);
        return _tasks.BeginFind(key, scrape, _found.AsSpan(0, Store.Sample(key, NetworkScope.None, now, _found)), turn);
    }

    /// <summary>Begins to look for an item (BEP 44); ends with <see cref="GetItemEnded"/>.</summary>
    public int GetItem(Hash160 target, ReadOnlyMemory<byte> salt, TimeSpan now, Outbox outbox)
    {
        Items.TryGet(target, now, out var own);
        return _tasks.BeginGet(target, salt, own, new Turn(now, outbox));
    }

    /// <summary>Begins to put an item (BEP 44); ends with <see cref="PutItemEnded"/>.</summary>
    /// <param name="item">What.</param>
    /// <param name="cas">The sequence number that it is to replace; null for any lower one.</param>
    /// <param name="now">Now.</param>
    /// <param name="outbox">Takes what is to be done.</param>
    public int PutItem(DhtItem item, long? cas, TimeSpan now, Outbox outbox)
    {
        if (!_options.ReadOnly) Items.Keep(item, now);
        return _tasks.BeginPut(item, cas, new Turn(now, outbox));
    }

    /// <summary>Asks somebody whether they are there; ends with <see cref="PingEnded"/>.</summary>
    public int Ping(NetEndPoint endPoint, TimeSpan now, Outbox outbox) => _tasks.BeginPing(endPoint, new Turn(now, outbox));

    public void Cancel(int task) => _tasks.Cancel(task);

    /// <summary>Whether a lookup can do nothing until somebody answers a bootstrap.</summary>
    public bool IsStarved(int task) => _tasks.IsStarved(task);

    /// <summary>Announces a key again and again, until it is withdrawn; each round ends with <see cref="Announced"/>.</summary>
    /// <param name="key">What to announce under.</param>
    /// <param name="port">Where we accept connections.</param>
    /// <param name="now">Now.</param>
    /// <param name="outbox">Takes what is to be done.</param>
    /// <param name="isSeed">Whether we have everything (BEP 33).</param>
    public void Announce(Hash160 key, int port, TimeSpan now, Outbox outbox, bool isSeed = false)
    {
        _announcer.Add(key, port, isSeed, atOnce: true, now);
        _announcer.BeginDue(new Turn(now, outbox));
    }

    public void Withdraw(Hash160 key) => _announcer.Remove(key);

    /// <summary>Somebody who may be there, as told by the user or a peer: tried at once, and again while nobody is known.</summary>
    public void AddSeed(NetEndPoint endPoint, bool configured, TimeSpan now, Outbox outbox)
    {
        if (endPoint.Family == _family && endPoint.IsUsableFrom(NetworkScope.None)) _joining.AddSeed(endPoint, configured, new Turn(now, outbox));
    }

    private void HandleQuery(in KrpcMessage query, NetEndPoint from, NetEndPoint local, Turn turn)
    {
        if (_options.ReadOnly || query.Id == Id) return;

        _counters.QueriesReceived++;
        _received[(int)query.Verb]++;
        if (!_limiter.Allows(from, turn.Now) || !_budget.HasRoom(turn.Now))
        {
            _counters.RateLimited++;
            return;
        }

        var before = turn.Outbox.Count;
        _responder.Answer(query, from, local, turn.Now, turn.Outbox);
        for (var i = before; i < turn.Outbox.Count; i++) _budget.Spend(turn.Outbox.Datagram(i).Length);
        if (query.ReadOnly || query.Id is not { } id) return;

        _table.Asked(id, from, turn.Now);
        _joining.Meet(id, from, turn);
    }

    private void HandleAnswer(in KrpcMessage answer, PendingQuery query, Turn turn)
    {
        if (answer.Type == KrpcType.Error) _counters.ErrorsReceived++;
        else _counters.ResponsesReceived++;

        _querier.Pending.RoundTrip.Measured(turn.Now - query.SentAt);
        _responder.Proven(query.To, turn.Now);
        if (answer.ExternalAddress is { } seen) Seen(query.To, seen, turn);

        var isGood = answer.Type == KrpcType.Response && answer.Id is { } told && told != Id;
        var wasUsable = _table.Usable > 0;
        var gained = isGood && _table.Answered(answer.Id!.Value, query.To, turn.Now);

        query.Asker?.Answered(query, answer, turn);
        if (!gained) return;

        _lookups.Gained(answer.Id!.Value, query.To, turn);
        if (!wasUsable) _joining.Joined(turn);
        _announcer.Gained(turn);
    }

    private void HandleDue(PendingQuery query, Turn turn)
    {
        if (!PendingQueries.IsOver(query, turn.Now))
        {
            query.Asker?.Slow(query, turn);
            query.IsSlow = true;
            return;
        }

        _counters.Timeouts++;
        _joining.Silent(query.To, turn);
        if (!query.IsSlow) query.Asker?.Slow(query, turn);
        query.Asker?.Failed(query, turn);
    }

    /// <summary>Others say where we are. Once they agree on a global address, our ID must be one that it may have (BEP 42).</summary>
    private void Seen(NetEndPoint by, NetEndPoint seen, Turn turn)
    {
        if (seen.Family != _family || !_external.Vote(by, seen) || _external.Agreed is not { } agreed || NodeIdRule.Accepts(Id, agreed)) return;

        _table.Move(NodeIdRule.Create(agreed, _random), turn.Now);
        _responder.Self = Id;
        _joining.Joined(turn);
    }
}
