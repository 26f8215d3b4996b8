using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Queries;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Lookups;

internal enum LookupKind
{
    /// <summary>find_node: who is there.</summary>
    Contacts,

    /// <summary>get_peers: who has it, and where to announce it.</summary>
    Peers,

    /// <summary>get: an item of BEP 44, and where to put it.</summary>
    Item,
}

/// <summary>What a lookup is for.</summary>
internal sealed record LookupGoal(Hash160 Target, LookupKind Kind)
{
    /// <summary>Waits for a first contact as long as there is none; else it ends without any.</summary>
    public bool Waits { get; init; }

    /// <summary>Where nobody is asked.</summary>
    public IReadOnlyList<KeyRegion> Shunned { get; init; } = [];

    /// <summary>Begins from contacts anywhere instead of the closest, so that it goes another way than the one before.</summary>
    public bool FromAnywhere { get; init; }
}

/// <summary>
/// Asks, for one lookup, whom <see cref="Lookup"/> ranks next, and hears the answers. Where those closest are suspiciously close it looks at the neighbouring range, by a lookup
/// that whoever crowds around the target has no part in. If there really are more here than there, it looks at more such ranges, and asks all who are found.
/// </summary>
internal sealed class LookupRun(int number, LookupGoal goal, LookupTable table, ILookupClient client, TimeSpan now) : IAsker, ILookupClient
{
    private const int Flanks = 6;
    private const int FlankNodes = 12;
    private const int RegionNodes = 16;
    private const int MaxTold = 2 * RoutingTable.K;
    private const int MaxCrowds = 4;

    private readonly List<KeyRegion> _crowds = [];

    private int _flanks;
    private bool _hasProbed;

    public int Number => number;

    public LookupGoal Goal => goal;

    public Lookup Ranking { get; } = new(goal.Target, goal.Kind == LookupKind.Contacts ? 1 : 2, goal.Shunned);

    public TimeSpan StartedAt => now;

    /// <summary>How many queries it took so far.</summary>
    public int Queries { get; private set; }

    public int MaxHops { get; private set; }

    /// <summary>Whether it has looked around a crowded target.</summary>
    public bool IsWide { get; private set; }

    public bool IsOver { get; private set; }

    public void Cancel() => IsOver = true;

    public void Ask(Candidate candidate, Turn turn)
    {
        Queries++;
        MaxHops = Math.Max(MaxHops, candidate.Hops);
        switch (goal.Kind)
        {
            case LookupKind.Peers:
                table.Querier.GetPeers(candidate.EndPoint, goal.Target, scrape: false, this, candidate, turn);
                break;
            case LookupKind.Item:
                table.Querier.Get(candidate.EndPoint, goal.Target, this, candidate, turn);
                break;
            default:
                table.Querier.FindNode(candidate.EndPoint, goal.Target, table.Want, this, candidate, turn);
                break;
        }
    }

    /// <summary>Asks as many as may be asked now; ends it if nobody is left.</summary>
    public void Pump(Turn turn)
    {
        if (IsOver) return;

        while (table.Querier.CanAsk(turn.Now) && Ranking.TryNext(out var candidate)) Ask(candidate, turn);
        if (_flanks > 0 || !Ranking.IsSettled || (goal.Waits && Ranking.AnsweredCount == 0)) return;
        if (!_hasProbed && IsSuspicious())
        {
            _hasProbed = true;
            Shun(Ranking.Cluster!.Value);
            LookBeside(Flank(0), turn);
            return;
        }

        IsOver = true;
        table.End(this, turn);
        client.Ended(this, turn);
    }

    public void Answered(PendingQuery query, in KrpcMessage answer, Turn turn)
    {
        if (IsOver) return;

        var candidate = (Candidate)query.Subject!;
        if (answer.Type == KrpcType.Response && answer.Id is { } id && id != table.Self)
        {
            Ranking.Answered(candidate, id, answer.Token);
            TakeContacts(candidate, answer, turn);
            client.Answered(this, candidate, answer, turn);
        }
        else Ranking.Failed(candidate);

        Pump(turn);
    }

    public void Slow(PendingQuery query, Turn turn)
    {
        if (IsOver) return;

        ((Candidate)query.Subject!).State = CandidateState.Slow;
        Pump(turn);
    }

    public void Failed(PendingQuery query, Turn turn)
    {
        if (IsOver) return;

        Ranking.Failed((Candidate)query.Subject!);
        Pump(turn);
    }

    void ILookupClient.Answered(LookupRun run, Candidate candidate, in KrpcMessage answer, Turn turn)
    {
    }

    void ILookupClient.Ended(LookupRun run, Turn turn)
    {
        if (IsOver) return;

        _flanks--;
        Queries += run.Queries;
        if (HasMetAnotherCrowd(run))
        {
            LookBeside(run.Goal.Target, turn);
            return;
        }

        var widens = !IsWide && Ranking.Cluster is { } cluster && Lookup.IsCrowded(cluster, run.Ranking.Radius ?? 1);
        IsWide |= widens;
        if (IsWide)
            foreach (var candidate in run.Ranking.WhoAnswered().Where(c => c.HasValidId).Take(FlankNodes)) Ranking.AddWide(candidate);
        if (widens) LookAllAround(turn);
        Pump(turn);
    }

    private void TakeContacts(Candidate source, in KrpcMessage answer, Turn turn)
    {
        var scope = source.EndPoint.Scope;
        var own = source.EndPoint.IsV6 ? answer.Nodes6 : answer.Nodes;
        var others = source.EndPoint.IsV6 ? answer.Nodes : answer.Nodes6;
        for (var i = 0; i < MaxTold && own.TryNext(out var id, out var endPoint); i++)
            if (id != table.Self && endPoint.Family == source.EndPoint.Family && endPoint.IsUsableFrom(scope)) Ranking.Add(id, endPoint, source.Hops + 1, source.Path);

        for (var i = 0; i < RoutingTable.K && table.WantsOtherFamily && others.TryNext(out _, out var other); i++)
            if (other.IsUsableFrom(scope)) table.TellOtherFamily(other, turn);
    }

    private bool IsSuspicious() =>
        goal.Kind != LookupKind.Contacts && table.Size.Nodes is { } nodes && Ranking.Cluster is { } cluster && Lookup.IsSuspicious(cluster, nodes);

    /// <summary>Whether a lookup beside the target has ended among as many as crowd around the target itself; once seen, they are shunned too.</summary>
    private bool HasMetAnotherCrowd(LookupRun run)
    {
        if (_crowds.Count >= MaxCrowds || table.Size.Nodes is not { } nodes || run.Ranking.Cluster is not { } cluster) return false;
        if (!Lookup.IsCrowded(cluster, RoutingTable.K / nodes)) return false;

        if (!_crowds.Exists(c => c.Contains(cluster.Key))) Shun(cluster);
        return run.Goal.Shunned.Count < _crowds.Count;
    }

    private void Shun(KeyRegion cluster) => _crowds.Add(cluster with { Bits = Math.Min(cluster.Bits, table.Size.RegionBits(RegionNodes) + Flanks) });

    /// <summary>The target in the neighbouring range: ever closer ones from 0 on.</summary>
    private Hash160 Flank(int number) => goal.Target.Flip(table.Size.RegionBits(RegionNodes) + number);

    /// <summary>Held open meanwhile, since any of them may end at once.</summary>
    private void LookAllAround(Turn turn)
    {
        _flanks++;
        for (var i = 1; i < Flanks; i++) LookBeside(Flank(i), turn);
        LookBeside(goal.Target, turn);
        _flanks--;
    }

    /// <summary>Looks for who is near a target but of no crowd.</summary>
    private void LookBeside(Hash160 target, Turn turn)
    {
        _flanks++;
        table.Begin(new LookupGoal(target, LookupKind.Contacts) { Shunned = [.. _crowds] }, this, turn);
    }
}
