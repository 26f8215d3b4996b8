using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Queries;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Lookups;

/// <summary>The lookups that a node is about: where they begin, who is asked while nobody is known, and what they say about the network's size.</summary>
internal sealed class LookupTable(RoutingTable table, Querier querier, SeedList seeds, Random random)
{
    private readonly Dictionary<int, LookupRun> _runs = [];
    private int _last;

    public Querier Querier => querier;

    public NodeId Self => table.Self;

    public NetworkSize Size { get; } = new(() => table.Usable);

    /// <summary>Takes contacts of the other address family for a node of this process that knows nobody yet (BEP 32).</summary>
    public Func<bool> OtherFamilyIsEmpty { get; set; } = static () => false;

    public Action<NetEndPoint, Turn> TellOtherFamily { get; set; } = static (_, _) => { };

    public bool WantsOtherFamily => OtherFamilyIsEmpty();

    public Want Want => WantsOtherFamily ? Want.V4 | Want.V6 : Want.None;

    public int Count => _runs.Count;

    /// <summary>How many were begun since the start.</summary>
    public long Begun { get; private set; }

    public LookupRun Begin(LookupGoal goal, ILookupClient client, Turn turn)
    {
        Begun++;
        var run = new LookupRun(++_last, goal, this, client, turn.Now);
        _runs.Add(run.Number, run);
        if (!AddStart(run, goal) && goal.Shunned.Count == 0) AskSeeds(run, turn);
        run.Pump(turn);
        return run;
    }

    public void Cancel(int number)
    {
        if (_runs.Remove(number, out var run)) run.Cancel();
    }

    public void End(LookupRun run, Turn turn)
    {
        _runs.Remove(run.Number);
        if (run.Goal.Kind == LookupKind.Contacts && run.Goal.Shunned.Count == 0) Size.Observe(run.Ranking, turn.Now); // not around keys that somebody may crowd around
    }

    /// <summary>Whether a lookup can do nothing until somebody answers a bootstrap.</summary>
    public bool IsStarved(int number) => _runs.TryGetValue(number, out var run) && run.Ranking.IsStarved;

    /// <summary>A first or another contact: lookups that nobody has answered yet go on with it.</summary>
    public void Gained(NodeId id, NetEndPoint endPoint, Turn turn)
    {
        foreach (var run in Unanswered())
        {
            run.Ranking.Add(id, endPoint, hops: 1, run.Ranking.NextPath(), alive: true);
            run.Pump(turn);
        }
    }

    public void AskSeed(NetEndPoint endPoint, Turn turn)
    {
        foreach (var run in Unanswered()) AskSeed(run, endPoint, turn);
    }

    public void AskSeeds(Turn turn)
    {
        foreach (var run in Unanswered()) AskSeeds(run, turn);
    }

    /// <summary>A seed is asked by a lookup beside the contacts that it has.</summary>
    public static void AskSeed(LookupRun run, NetEndPoint endPoint, Turn turn)
    {
        if (run.Ranking.TryAddSeed(endPoint, out var seed)) run.Ask(seed, turn);
    }

    /// <summary>There may be room again to ask.</summary>
    public void Pump(Turn turn)
    {
        foreach (var run in _runs.Values.ToArray()) run.Pump(turn);
    }

    private void AskSeeds(LookupRun run, Turn turn)
    {
        foreach (var endPoint in seeds.EndPoints) AskSeed(run, endPoint, turn);
    }

    /// <summary>Those beside a crowd live on what is known: many of them would ask the same seeds at once.</summary>
    private LookupRun[] Unanswered() => [.. _runs.Values.Where(r => r.Ranking.AnsweredCount == 0 && r.Goal.Shunned.Count == 0)];

    /// <summary>False if nobody is known; whoever is only known in a shunned region is no reason to ask the seeds again.</summary>
    private bool AddStart(LookupRun run, LookupGoal goal)
    {
        const int EnoughToShun = 64;
        var contacts = new Contact[goal.Shunned.Count == 0 ? RoutingTable.K : EnoughToShun];
        var count = goal.FromAnywhere ? SampleInto(contacts) : table.Closest(goal.Target, contacts);
        var added = 0;
        for (var i = 0; i < count && added < 2 * RoutingTable.K; i++)
        {
            if (goal.Shunned.Any(region => region.Contains(contacts[i].Id.Value))) continue;

            run.Ranking.Add(contacts[i].Id, contacts[i].EndPoint, hops: 1, run.Ranking.NextPath());
            added++;
        }

        return count > 0;
    }

    private int SampleInto(Contact[] contacts)
    {
        var seen = 0;
        foreach (var contact in table.Contacts)
        {
            if (!contact.IsUsable) continue;

            var slot = seen < contacts.Length ? seen : random.Next(seen + 1);
            if (slot < contacts.Length) contacts[slot] = contact;
            seen++;
        }

        return Math.Min(seen, contacts.Length);
    }
}
