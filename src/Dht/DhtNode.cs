using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht.Announcing;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;
using Shoal.Dht.Lookups;
using Shoal.Dht.Routing;
using Shoal.Dht.Serving;

namespace Shoal.Dht;

/// <summary>
/// A node of the Mainline DHT in one address family (BEP 5, 32, 43): answers queries, keeps its routing table true, looks up, announces.
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
    private readonly Announcer _announcer = new();
    private readonly Responder _responder;
    private readonly SourceLimiter _limiter;
    private readonly PendingQueries _pending;
    private readonly SeedList _seeds = new();
    private readonly Upkeep _upkeep;
    private readonly Dictionary<int, Lookup> _lookups = [];
    private readonly Dictionary<Lookup, AnnounceRound> _rounds = [];
    private readonly List<AnnounceRound> _begun = [];
    private readonly NetEndPoint[] _found = new NetEndPoint[256];
    private DhtCounters _counters;
    private DhtNode? _sibling;
    private Lookup? _selfLookup;
    private int _lastLookup;

    public DhtNode(NodeId id, AddressFamily family, DhtNodeOptions options, Random random, TimeSpan now)
    {
        Id = id;
        _family = family;
        _options = options;
        _random = random;
        _table = new RoutingTable(id);
        _responder = new Responder(id, family, _table, _announcer, options, random, now);
        _limiter = new SourceLimiter(options.SourceSlots, options.QueriesPerGlobalSource, options.QueriesPerLocalSource, random);
        _pending = new PendingQueries(random);
        _upkeep = new Upkeep(_table, random, now);
    }

    public NodeId Id { get; }

    public AddressFamily Family => _family;

    public RoutingTable Table => _table;

    public PeerStore Store => _responder.Peers;

    public ItemStore Items => _responder.Items;

    public Announcer Announcer => _announcer;

    public DhtCounters Counters => _counters;

    public int Lookups => _lookups.Count;

    /// <summary>The latest moment at which <see cref="Tick"/> has something to do.</summary>
    public TimeSpan NextTick(TimeSpan now)
    {
        var next = _pending.Count > 0 ? now + TimeSpan.FromMilliseconds(100) : _upkeep.NextAt;
        if (_announcer.NextDue < next) next = _announcer.NextDue;
        if (_seeds.RetryAt < next && _table.Usable == 0) next = _seeds.RetryAt;
        return next;
    }

    /// <summary>The two nodes of one process tell each other's contacts to those who want them (BEP 32).</summary>
    public void PairWith(DhtNode sibling)
    {
        _sibling = sibling;
        sibling._sibling = this;
        _responder.OtherTable = sibling._table;
        sibling._responder.OtherTable = _table;
    }

    /// <param name="datagram">Whatever arrived.</param>
    /// <param name="from">Who sent it.</param>
    /// <param name="local">Our endpoint on which it arrived.</param>
    /// <param name="now">Monotonic, since start.</param>
    /// <param name="outbox">Takes what is to be done.</param>
    public void Handle(ReadOnlySpan<byte> datagram, NetEndPoint from, NetEndPoint local, TimeSpan now, Outbox outbox)
    {
        if (from.Family != _family || !from.IsUsableFrom(NetworkScope.None)) return;

        if (!KrpcReader.TryRead(datagram, out var message)) _counters.Malformed++;
        else if (message.Type == KrpcType.Query) HandleQuery(message, from, local, now, outbox);
        else if (_pending.TryTake(message.Transaction, from, out var query)) HandleAnswer(message, query, now, outbox);
        else _counters.Malformed++;
    }

    public void Tick(TimeSpan now, Outbox outbox)
    {
        foreach (var query in _pending.TakeDue(now)) HandleDue(query, now, outbox);

        _announcer.Tick();
        _responder.Tick(now);
        KeepUp(now, outbox);
        BeginRounds(now, outbox);
    }

    /// <summary>Begins to look for peers of a key. It ends with <see cref="LookupEnded"/>, or waits for a first contact as long as there is none.</summary>
    public int Find(Hash160 key, TimeSpan now, Outbox outbox)
    {
        var lookup = new Lookup(++_lastLookup, key, LookupPurpose.Peers, now);
        var own = Store.Sample(key, NetworkScope.None, now, _found);
        for (var i = 0; i < own; i++)
            if (lookup.IsNewPeer(_found[i])) outbox.Events.Add(new PeerFound(lookup.Number, new FoundPeer(_found[i], null, 0, TimeSpan.Zero)));

        Begin(lookup, now, outbox);
        return lookup.Number;
    }

    public void Cancel(int lookup)
    {
        if (_lookups.Remove(lookup, out var cancelled)) cancelled.Ended = true;
    }

    /// <summary>Whether a lookup can do nothing until somebody answers a bootstrap.</summary>
    public bool IsStarved(int lookup) => _lookups.TryGetValue(lookup, out var starved) && starved.IsStarved;

    /// <summary>Announces a key now and again and again, until it is withdrawn; each round ends with <see cref="Announced"/>.</summary>
    public void Announce(Hash160 key, int port, TimeSpan now, Outbox outbox)
    {
        _announcer.Add(key, port, now);
        BeginRounds(now, outbox);
    }

    public void Withdraw(Hash160 key) => _announcer.Remove(key);

    /// <summary>Somebody who may be there, as told by the user or a peer: tried at once, and again while nobody is known.</summary>
    public void AddSeed(NetEndPoint endPoint, bool configured, TimeSpan now, Outbox outbox)
    {
        if (endPoint.Family != _family || !endPoint.IsUsableFrom(NetworkScope.None)) return;

        _seeds.Add(endPoint, configured, now);
        if (_table.Usable > 0)
        {
            if (_table.Find(endPoint) is null) Ping(endPoint, now, outbox);
            return;
        }

        foreach (var lookup in _lookups.Values)
            if (lookup.AnsweredCount == 0) AskSeed(lookup, endPoint, now, outbox);
        if (_selfLookup is null) LookUpSelf(now, outbox);
    }

    private void HandleQuery(in KrpcMessage query, NetEndPoint from, NetEndPoint local, TimeSpan now, Outbox outbox)
    {
        _counters.QueriesReceived++;
        if (_options.ReadOnly || query.Id == Id) return;
        if (!_limiter.Allows(from, now))
        {
            _counters.RateLimited++;
            return;
        }

        _responder.Answer(query, from, local, now, outbox);
        if (query.ReadOnly || query.Id is not { } id) return;

        _table.Asked(id, from, now);
        if (_upkeep.ShouldMeet(id, from, now)) Ping(from, now, outbox);
    }

    private void HandleAnswer(in KrpcMessage answer, PendingQuery query, TimeSpan now, Outbox outbox)
    {
        if (answer.Type == KrpcType.Error) _counters.ErrorsReceived++;
        else _counters.ResponsesReceived++;

        _responder.Proven(query.To, now);
        _pending.RoundTrip.Measured(now - query.SentAt);
        var isGood = answer.Type == KrpcType.Response && answer.Id is { } told && told != Id;
        var wasUsable = _table.Usable > 0;
        var gained = isGood && _table.Answered(answer.Id!.Value, query.To, now);

        if (query.Lookup is { Ended: false } lookup)
        {
            if (isGood) TakeAnswer(lookup, query.Candidate!, answer, now, outbox);
            else lookup.Failed(query.Candidate!);
            Pump(lookup, now, outbox);
        }

        if (query.Round is { Ended: false } round)
        {
            round.Answered(isGood, query.IsSlow);
            Pump(round, now, outbox);
        }

        if (gained) Gained(answer.Id!.Value, query.To, !wasUsable, now, outbox);
        if (_announcer.NextDue <= now) BeginRounds(now, outbox);
    }

    private void HandleDue(PendingQuery query, TimeSpan now, Outbox outbox)
    {
        var isOver = now - query.SentAt >= PendingQueries.Timeout;
        if (isOver)
        {
            _counters.Timeouts++;
            var wasUsable = _table.Usable > 0;
            var wasKnown = _table.Find(query.To) is not null;
            _table.Failed(query.To, now);
            if (wasKnown && _table.Find(query.To) is null) _seeds.Add(query.To, configured: false, now);
            if (wasUsable && _table.Usable == 0) _seeds.Restart(now);
        }

        if (query.Lookup is { Ended: false } lookup)
        {
            if (isOver) lookup.Failed(query.Candidate!);
            else query.Candidate!.State = CandidateState.Slow;
            Pump(lookup, now, outbox);
        }

        if (query.Round is { Ended: false } round && !query.IsSlow)
        {
            round.Slow();
            Pump(round, now, outbox);
        }

        query.IsSlow = true;
    }

    private void TakeAnswer(Lookup lookup, Candidate candidate, in KrpcMessage answer, TimeSpan now, Outbox outbox)
    {
        const int MaxNodes = 2 * RoutingTable.K;
        var source = candidate.EndPoint.Scope;
        lookup.Answered(candidate, answer.Id!.Value, answer.Token);

        var isV6 = _family == AddressFamily.InterNetworkV6;
        var nodes = isV6 ? answer.Nodes6 : answer.Nodes;
        for (var i = 0; i < MaxNodes && nodes.TryNext(out var id, out var endPoint); i++)
            if (id != Id && endPoint.Family == _family && endPoint.IsUsableFrom(source)) lookup.Add(id, endPoint, candidate.Hops + 1);

        var others = isV6 ? answer.Nodes : answer.Nodes6;
        for (var i = 0; i < RoutingTable.K && _sibling is { } sibling && sibling._table.Count == 0 && others.TryNext(out _, out var other); i++)
            if (other.IsUsableFrom(source)) sibling.AddSeed(other, configured: false, now, outbox);

        if (lookup.Purpose != LookupPurpose.Peers) return;

        var values = answer.Values;
        while (values.TryNext(out var peer))
            if (peer.IsUsableFrom(source) && lookup.IsNewPeer(peer))
                outbox.Events.Add(new PeerFound(lookup.Number, new FoundPeer(peer, candidate.EndPoint, candidate.Hops, now - lookup.StartedAt)));
    }

    private void Gained(NodeId id, NetEndPoint endPoint, bool isFirst, TimeSpan now, Outbox outbox)
    {
        foreach (var lookup in _lookups.Values)
        {
            if (lookup.AnsweredCount > 0) continue;
            lookup.Add(id, endPoint, hops: 1, alive: true);
            Pump(lookup, now, outbox);
        }

        if (isFirst && _selfLookup is null) LookUpSelf(now, outbox);
        _announcer.Gained();
    }

    private void KeepUp(TimeSpan now, Outbox outbox)
    {
        if (now >= _seeds.RetryAt && _table.Usable == 0)
        {
            _seeds.Retried(now);
            if (_selfLookup is null) LookUpSelf(now, outbox);
            foreach (var lookup in _lookups.Values)
                if (lookup.AnsweredCount == 0) AskSeeds(lookup, now, outbox);
        }

        if (_upkeep.TakeSelfLookup(now) && _selfLookup is null && _table.Usable > 0) LookUpSelf(now, outbox);
        if (_upkeep.TryTakeRefresh(now, out var target)) Begin(new Lookup(++_lastLookup, target, LookupPurpose.Contacts, now), now, outbox);
        foreach (var contact in _upkeep.TakeToPing(now)) Ping(contact.EndPoint, now, outbox);
    }

    private void LookUpSelf(TimeSpan now, Outbox outbox)
    {
        _selfLookup = new Lookup(++_lastLookup, Id.Value, LookupPurpose.Contacts, now);
        foreach (var endPoint in _table.Usable > 0 ? _seeds.Sample(_random) : [])
            if (_table.Find(endPoint) is null) AskSeed(_selfLookup, endPoint, now, outbox);
        Begin(_selfLookup, now, outbox);
    }

    private void Begin(Lookup lookup, TimeSpan now, Outbox outbox)
    {
        _lookups.Add(lookup.Number, lookup);
        var closest = new Contact[RoutingTable.K];
        var count = _table.Closest(lookup.Target, closest);
        for (var i = 0; i < count; i++) lookup.Add(closest[i].Id, closest[i].EndPoint, hops: 1);

        if (count == 0) AskSeeds(lookup, now, outbox);
        Pump(lookup, now, outbox);
    }

    private void AskSeeds(Lookup lookup, TimeSpan now, Outbox outbox)
    {
        foreach (var endPoint in _seeds.EndPoints) AskSeed(lookup, endPoint, now, outbox);
    }

    private void AskSeed(Lookup lookup, NetEndPoint endPoint, TimeSpan now, Outbox outbox)
    {
        if (lookup.TryAddSeed(endPoint, out var seed)) Ask(lookup, seed, now, outbox);
    }

    private void Pump(Lookup lookup, TimeSpan now, Outbox outbox)
    {
        if (lookup.Ended) return;

        while (!_pending.IsFull && lookup.TryNext(out var candidate)) Ask(lookup, candidate, now, outbox);
        if (!lookup.IsSettled || (lookup.AnsweredCount == 0 && lookup.Purpose == LookupPurpose.Peers)) return;

        lookup.Ended = true;
        _lookups.Remove(lookup.Number);
        if (lookup == _selfLookup)
        {
            _selfLookup = null;
            _upkeep.SelfLookupEnded(lookup.AnsweredCount > 0, now);
        }

        if (lookup.Purpose == LookupPurpose.Peers) outbox.Events.Add(new LookupEnded(lookup.Number, lookup.AnsweredCount));
        if (!_rounds.Remove(lookup, out var round)) return;

        round.Begin(lookup.WithToken());
        Pump(round, now, outbox);
    }

    private void Ask(Lookup lookup, Candidate candidate, TimeSpan now, Outbox outbox)
    {
        Span<byte> transaction = stackalloc byte[PendingQueries.TransactionLength];
        _pending.Add(candidate.EndPoint, now, transaction, lookup, candidate);
        if (lookup.Purpose == LookupPurpose.Contacts)
        {
            var want = _sibling is { } sibling && sibling._table.Count == 0 ? Want.V4 | Want.V6 : Want.None;
            outbox.Writer.FindNode(transaction, Id, _options.ReadOnly, lookup.Target, want);
        }
        else outbox.Writer.GetPeers(transaction, Id, _options.ReadOnly, lookup.Target, Want.None);

        Send(candidate.EndPoint, outbox);
    }

    private void BeginRounds(TimeSpan now, Outbox outbox)
    {
        _begun.Clear();
        _announcer.TakeDue(now, _begun);
        foreach (var round in _begun)
        {
            var lookup = new Lookup(++_lastLookup, round.Announcement.Key, LookupPurpose.Announce, now);
            _rounds.Add(lookup, round);
            Begin(lookup, now, outbox);
        }
    }

    private void Pump(AnnounceRound round, TimeSpan now, Outbox outbox)
    {
        Span<byte> transaction = stackalloc byte[PendingQueries.TransactionLength];
        while (_announcer.Holds(round.Announcement) && round.TryNext(out var candidate))
        {
            _pending.Add(candidate.EndPoint, now, transaction, round: round);
            outbox.Writer.AnnouncePeer(transaction, Id, _options.ReadOnly, round.Announcement.Key, round.Announcement.Port, candidate.Token);
            Send(candidate.EndPoint, outbox);
        }

        if (round.Waiting > 0) return;

        _announcer.End(round, _table.Usable, now, _random);
        outbox.Events.Add(new Announced(round.Announcement.Key, new AnnounceResult(round.Accepted, now - round.StartedAt)));
    }

    private void Ping(NetEndPoint endPoint, TimeSpan now, Outbox outbox)
    {
        Span<byte> transaction = stackalloc byte[PendingQueries.TransactionLength];
        if (_pending.IsFull || _pending.Awaits(endPoint)) return;

        _pending.Add(endPoint, now, transaction);
        outbox.Writer.Ping(transaction, Id, _options.ReadOnly);
        Send(endPoint, outbox);
    }

    private void Send(NetEndPoint to, Outbox outbox)
    {
        _counters.QueriesSent++;
        outbox.End(to);
    }
}
