using Shoal.Core;

namespace Shoal.Dht;

/// <summary>What several nodes of one process came to, as one result.</summary>
internal static class Merge
{
    /// <summary>Null as long as nobody answered any of them.</summary>
    public static FindResult? Find(IReadOnlyList<FindEnded> ended)
    {
        var results = ended.Select(e => e.Result).ToList();
        if (results.TrueForAll(r => r.Contacts == 0)) return null;

        return new FindResult(results.Sum(r => r.Contacts), results.Sum(r => r.Peers), results.Max(r => r.Elapsed))
        {
            Closest = [.. results.SelectMany(r => r.Closest)],
            Queries = results.Sum(r => r.Queries),
            Hops = results.Max(r => r.Hops),
            IsCrowded = results.Exists(r => r.IsCrowded),
            Seeds = results.Max(r => r.Seeds),
            Downloaders = results.Max(r => r.Downloaders),
        };
    }

    public static GetItemResult? Get(IReadOnlyList<GetItemEnded> ended)
    {
        var results = ended.Select(e => e.Result).ToList();
        if (results.TrueForAll(r => r.Contacts == 0)) return null;

        var best = results.Where(r => r.Item is not null).MaxBy(r => r.Item!.Sequence);
        return new GetItemResult(
            best?.Item, results.Where(r => r.Item?.Sequence == best?.Item?.Sequence).Sum(r => r.Copies), results.Sum(r => r.Contacts), results.Max(r => r.Elapsed));
    }

    public static PutItemResult? Put(IReadOnlyList<PutItemEnded> ended)
    {
        var results = ended.Select(e => e.Result).ToList();
        return new PutItemResult(results.Sum(r => r.Nodes), results.Sum(r => r.Conflicts), results.Max(r => r.Elapsed));
    }
}
