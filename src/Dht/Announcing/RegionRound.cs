using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Lookups;
using Shoal.Dht.Queries;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Announcing;

/// <summary>
/// Announces all due keys of one region of the key space: one lookup leads there, each node of the region is visited once, and then every key goes to the eight
/// closest of them. Our own kind takes up to 40 keys in a datagram (<c>announce_peers</c>); others get <c>get_peers</c> for a token and <c>announce_peer</c>, key by key,
/// since many bind a token to its key. What their answers tell of nodes not yet seen is followed.
/// </summary>
internal sealed class RegionRound : ILookupClient, IAsker
{
    public const int KeysPerDatagram = 40;

    private const int MaxTries = 2;
    private const int MaxWaiting = 128;
    private const int MaxManyTokenLength = 32;

    private readonly Announcer _announcer;
    private readonly LookupTable _lookups;
    private readonly RegionMap _map;
    private readonly List<RegionKey> _keys;
    private readonly List<RegionNode> _added = [];
    private readonly List<Hash160> _datagram = new(KeysPerDatagram);
    private TimeSpan _startedAt;
    private int _waiting;
    private bool _isLocated;
    private bool _isDelivering;
    private bool _isOver;

    public RegionRound(Announcer announcer, IEnumerable<OwnAnnouncement> announcements, int bits, LookupTable lookups)
    {
        (_announcer, _lookups) = (announcer, lookups);
        _keys = [.. announcements.Select(a => new RegionKey(a))];
        _map = new RegionMap(_keys[0].Key, bits);
    }

    public int Keys => _keys.Count;

    public void Begin(Turn turn)
    {
        _startedAt = turn.Now;
        _lookups.Begin(new LookupGoal(_keys[_keys.Count / 2].Key, LookupKind.Contacts), this, turn);
    }

    /// <summary>Sends what may be sent now.</summary>
    public void Pump(Turn turn)
    {
        if (_isOver || !_isLocated) return;

        foreach (var node in _map.Nodes)
            if (node.State == RegionNodeState.Fresh && CanAsk(turn)) Visit(node, turn);

        if (!_isDelivering && _map.Nodes.All(n => n.State is RegionNodeState.Live or RegionNodeState.Late or RegionNodeState.Dead))
        {
            if (_map.Live < RoutingTable.K && _map.TryGrow())
            {
                Pump(turn);
                return;
            }

            Assign();
        }

        if (!_isDelivering) return;

        foreach (var node in _map.Nodes)
            while (node.Keys.Count > 0 && node.State == RegionNodeState.Live && CanAsk(turn) && node.MayAsk(turn.Now)) Tell(node, turn);

        if (_keys.TrueForAll(k => k.Waiting == 0)) End(turn);
    }

    public void Answered(LookupRun run, Candidate candidate, in KrpcMessage answer, Turn turn) => _map.Add(_lookups.Self, candidate.EndPoint, answer, _added);

    public void Ended(LookupRun run, Turn turn)
    {
        foreach (var candidate in run.Ranking.WhoAnswered()) _map.Add(candidate.Id!.Value, candidate.EndPoint);
        _isLocated = true;
        Pump(turn);
    }

    public void Answered(PendingQuery query, in KrpcMessage answer, Turn turn)
    {
        var task = (RegionTask)query.Subject!;
        Settle(task);
        if (_isOver) return;

        _added.Clear();
        if (answer.Type == KrpcType.Response) _map.Add(_lookups.Self, task.Node.EndPoint, answer, _added);
        task.Take(this, answer, turn);
        Pump(turn);
    }

    /// <summary>A visit that takes long is made again at once, and not waited for a second time; a late answer still counts.</summary>
    public void Slow(PendingQuery query, Turn turn)
    {
        if (query.Subject is not VisitTask { Node: { State: RegionNodeState.Visiting } node } || _isOver) return;

        node.State = ++node.Tries < MaxTries ? RegionNodeState.Fresh : RegionNodeState.Late;
        Pump(turn);
    }

    public void Failed(PendingQuery query, Turn turn)
    {
        var task = (RegionTask)query.Subject!;
        Settle(task);
        if (_isOver) return;

        if (task is VisitTask)
        {
            if (task.Node.State == RegionNodeState.Late) task.Node.State = RegionNodeState.Dead;
        }
        else if (task.Node.State == RegionNodeState.Live && ++task.Node.Tries < MaxTries) foreach (var key in task.Keys) task.Node.Keys.Enqueue(key);
        else
        {
            foreach (var key in task.Keys) Refused(key);
            Abandon(task.Node);
        }

        Pump(turn);
    }

    /// <summary>A visited node has answered, or not as one should.</summary>
    internal void Visited(RegionNode node, in KrpcMessage answer)
    {
        if (node.State == RegionNodeState.Live) return;
        if (answer.Type != KrpcType.Response || answer.Id is not { } id || id != node.Id)
        {
            node.State = RegionNodeState.Dead;
            return;
        }

        (node.State, node.Tries) = (RegionNodeState.Live, 0);
        node.Token = answer.Token.Length <= Lookup.MaxTokenLength ? answer.Token.ToArray() : [];
        node.TakesMany = answer.IsOwnKind && node.Token.Length is > 0 and <= MaxManyTokenLength;
        if (!_isDelivering) return;

        foreach (var key in _keys)
            if (IsAmongClosest(node, key)) Give(key, node);
    }

    /// <summary>A node of our kind was told many keys.</summary>
    internal void Told(RegionNode node, IReadOnlyList<RegionKey> keys, in KrpcMessage answer)
    {
        if (answer.Type == KrpcType.Response)
        {
            Heard(node);
            if (answer.Token.Length is > 0 and <= MaxManyTokenLength) node.Token = answer.Token.ToArray();
            for (var i = 0; i < keys.Count; i++)
            {
                var taken = i / 8 < answer.Accepted.Length && (answer.Accepted[i / 8] & (0x80 >> (i % 8))) != 0;
                if (taken) Accepted(keys[i]);
                else Refused(keys[i]);
            }

            return;
        }

        // an older program, or one of another kind that took our letters; or the token has aged, and plain queries bring a fresh one
        node.TakesMany = false;
        foreach (var key in keys)
        {
            if (node.State == RegionNodeState.Live) node.Keys.Enqueue(key);
            else Refused(key);
        }
    }

    /// <summary>A plain node gave its token for a key.</summary>
    internal void GaveToken(RegionNode node, RegionKey key, in KrpcMessage answer, Turn turn)
    {
        Heard(node);
        if (answer.Type != KrpcType.Response || answer.Token.Length is 0 or > Lookup.MaxTokenLength || !_announcer.Holds(key.Announcement)) Refused(key);
        else Send(new AnnounceTask(node, key), t => _lookups.Querier.AnnouncePeer(node.EndPoint, key.Key, key.Announcement.Port, key.Announcement.IsSeed, t.Token, this, t, turn), answer.Token.ToArray(), turn);
    }

    internal void Announced(RegionKey key, in KrpcMessage answer)
    {
        if (answer.Type == KrpcType.Response) Accepted(key);
        else Refused(key);
    }

    /// <summary>What was given up stays so, though an answer comes late: else its keys would wait for it.</summary>
    private static void Heard(RegionNode node)
    {
        if (node.State == RegionNodeState.Live) node.Tries = 0;
    }

    private bool CanAsk(Turn turn) => _waiting < MaxWaiting && _lookups.Querier.CanAsk(turn.Now);

    private void Visit(RegionNode node, Turn turn)
    {
        node.State = RegionNodeState.Visiting;
        Send(new VisitTask(node), t => _lookups.Querier.GetPeers(node.EndPoint, _map.NextPlace(), scrape: false, this, t, turn), [], turn);
    }

    private void Tell(RegionNode node, Turn turn)
    {
        if (!node.TakesMany)
        {
            var key = node.Keys.Dequeue();
            if (!_announcer.Holds(key.Announcement)) key.Waiting--;
            else Send(new TokenTask(node, key), t => _lookups.Querier.GetPeers(node.EndPoint, key.Key, scrape: false, this, t, turn), [], turn);
            return;
        }

        var keys = new List<RegionKey>(KeysPerDatagram);
        _datagram.Clear();
        var first = node.Keys.Peek().Announcement;
        while (keys.Count < KeysPerDatagram && node.Keys.TryPeek(out var next) && next.Announcement.Port == first.Port && next.Announcement.IsSeed == first.IsSeed)
        {
            node.Keys.Dequeue();
            if (!_announcer.Holds(next.Announcement))
            {
                next.Waiting--;
                continue;
            }

            keys.Add(next);
            _datagram.Add(next.Key);
        }

        if (keys.Count == 0) return;

        Send(
            new ManyTask(node, keys),
            t => _lookups.Querier.AnnouncePeers(node.EndPoint, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_datagram), first.Port, first.IsSeed, t.Token, this, t, turn), node.Token, turn);
    }

    private void Send(RegionTask task, Action<RegionTask> send, byte[] token, Turn turn)
    {
        task.Token = token;
        _waiting++;
        task.Node.Asked(turn.Now);
        send(task);
    }

    private void Settle(RegionTask task)
    {
        _waiting--;
        task.Node.Waiting--;
    }

    /// <summary>Gives each key to its eight closest; where too many crowd around one, to all of the region.</summary>
    private void Assign()
    {
        _isDelivering = true;
        foreach (var key in _keys)
        {
            var closest = _map.Closest(key, RoutingTable.K).ToList();
            var isCrowded = closest.Count == RoutingTable.K && Lookup.IsCrowded(new KeyRegion(closest[0].Id.Value, closest.Min(n => (n.Id.Value ^ closest[0].Id.Value).LeadingZeros)), _map.Radius);
            foreach (var node in isCrowded ? _map.Closest(key, RegionMap.MaxNodes) : closest) Give(key, node);
        }
    }

    private static void Give(RegionKey key, RegionNode node)
    {
        key.Given.Add(node);
        key.Waiting++;
        node.Keys.Enqueue(key);
    }

    private static bool IsAmongClosest(RegionNode node, RegionKey key)
    {
        var distance = node.Id.Value ^ key.Key;
        return !key.Given.Contains(node) && key.Given.Count(g => g.State == RegionNodeState.Live && (g.Id.Value ^ key.Key) < distance) < RoutingTable.K;
    }

    private static void Accepted(RegionKey key)
    {
        key.Waiting--;
        key.Accepted++;
    }

    /// <summary>Another takes the place of who would not, or could not.</summary>
    private void Refused(RegionKey key)
    {
        key.Waiting--;
        if (key.Accepted + key.Waiting < RoutingTable.K && _announcer.Holds(key.Announcement) && _map.Closest(key, 1).FirstOrDefault() is { } other) Give(key, other);
    }

    private void Abandon(RegionNode node)
    {
        node.State = RegionNodeState.Dead;
        while (node.Keys.TryDequeue(out var key)) Refused(key);
    }

    private void End(Turn turn)
    {
        _isOver = true;
        foreach (var key in _keys) _announcer.Ended(key.Announcement, new AnnounceResult(key.Accepted, turn.Now - _startedAt), turn);
        _announcer.RegionEnded(this, _keys[_announcer.Draw(_keys.Count)].Announcement, turn);
    }
}
