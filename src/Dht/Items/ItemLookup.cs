using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Lookups;

namespace Shoal.Dht.Items;

/// <summary>A search for an item (BEP 44): of all that prove themselves the newest counts.</summary>
internal sealed class ItemLookup(Hash160 target, ReadOnlyMemory<byte> salt, Action<ItemLookup, LookupRun, Turn> ended) : ILookupClient
{
    private readonly Dictionary<NetEndPoint, long> _holders = [];

    public Hash160 Target => target;

    /// <summary>What this node holds itself.</summary>
    public void Own(DhtItem item)
    {
        _holders[default] = item.Sequence;
        Newest = item;
    }

    /// <summary>The newest so far.</summary>
    public DhtItem? Newest { get; private set; }

    /// <summary>How many have the newest.</summary>
    public int Copies => Newest is { } newest ? _holders.Values.Count(s => s == newest.Sequence) : 0;

    public bool Holds(NetEndPoint contact) => _holders.ContainsKey(contact);

    public void Answered(LookupRun run, Candidate candidate, in KrpcMessage answer, Turn turn)
    {
        if (answer.Value.IsEmpty || !DhtItem.TryVerify(target, salt.Span, answer, out var item)) return;

        _holders[candidate.EndPoint] = item.Sequence;
        if (Newest is null || item.Sequence > Newest.Sequence) Newest = item;
    }

    public void Ended(LookupRun run, Turn turn) => ended(this, run, turn);

    public GetItemResult Result(LookupRun run, TimeSpan now) => new(Newest, Copies, run.Ranking.AnsweredCount, now - run.StartedAt);
}
