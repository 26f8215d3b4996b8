using System.Text;
using Shoal.Core;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;
using Shoal.Dht.Lookups;
using Shoal.Dht.Queries;

namespace Shoal.Dht;

/// <summary>What a node was asked to do once and reports on: by number, until it ends or is cancelled.</summary>
internal sealed class Tasks(LookupTable lookups, Querier querier) : IAsker
{
    private readonly Dictionary<int, int> _lookups = [];
    private int _last;

    public int BeginFind(Hash160 key, bool counts, ReadOnlySpan<NetEndPoint> own, Turn turn)
    {
        var task = ++_last;
        var client = new PeerLookup(task, counts, querier, Over);
        foreach (var peer in own) client.Own(peer, turn);
        Begin(task, new LookupGoal(key, LookupKind.Peers) { Waits = true }, client, turn);
        return task;
    }

    public int BeginGet(Hash160 target, ReadOnlyMemory<byte> salt, DhtItem? own, Turn turn)
    {
        var task = ++_last;
        var client = new ItemLookup(target, salt, (found, run, at) =>
        {
            Over(task);
            at.Outbox.Events.Add(new GetItemEnded(task, found.Result(run, at.Now)));
        });
        if (own is not null) client.Own(own);
        Begin(task, new LookupGoal(target, LookupKind.Item) { Waits = true }, client, turn);
        return task;
    }

    public int BeginPut(DhtItem item, long? cas, Turn turn)
    {
        var task = ++_last;
        var round = new PutRound(task, item, cas, querier, turn.Now, Over);
        Begin(task, new LookupGoal(item.Target, LookupKind.Item) { Waits = true }, new ItemLookup(item.Target, item.Salt, round.Begin), turn);
        return task;
    }

    public int BeginPing(NetEndPoint endPoint, Turn turn)
    {
        querier.Ping(endPoint, this, ++_last, turn);
        return _last;
    }

    public void Cancel(int task)
    {
        if (_lookups.Remove(task, out var lookup)) lookups.Cancel(lookup);
    }

    public bool IsStarved(int task) => _lookups.TryGetValue(task, out var lookup) && lookups.IsStarved(lookup);

    public void Answered(PendingQuery query, in KrpcMessage answer, Turn turn)
    {
        var version = answer.Version.Length == 4 && char.IsAsciiLetterOrDigit((char)answer.Version[0]) && char.IsAsciiLetterOrDigit((char)answer.Version[1])
            ? $"{Encoding.ASCII.GetString(answer.Version[..2])} {answer.Version[2]}.{answer.Version[3]}"
            : "";
        var result = answer.Id is { } id ? new PingResult(id, turn.Now - query.SentAt, version, answer.ExternalAddress) : null;
        turn.Outbox.Events.Add(new PingEnded((int)query.Subject!, result));
    }

    public void Slow(PendingQuery query, Turn turn)
    {
    }

    public void Failed(PendingQuery query, Turn turn) => turn.Outbox.Events.Add(new PingEnded((int)query.Subject!, null));

    private void Begin(int task, LookupGoal goal, ILookupClient client, Turn turn)
    {
        var run = lookups.Begin(goal, client, turn);
        if (!run.IsOver) _lookups.Add(task, run.Number);
    }

    private void Over(int task) => _lookups.Remove(task);
}
