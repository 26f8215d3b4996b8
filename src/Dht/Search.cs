using Shoal.Dht.Lookups;

namespace Shoal.Dht;

/// <summary>Somebody's wish for peers: a lookup in every family. Owned by the service's loop; only its completion is shared.</summary>
internal sealed class Search(Action<FoundPeer> onPeer)
{
    private int _contacts;
    private int _peers;

    public TimeSpan StartedAt { get; set; }

    public TaskCompletionSource<FindResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<(DhtFamily Family, int Lookup)> Lookups { get; } = [];

    public void Found(FoundPeer peer)
    {
        if (Completion.Task.IsCompleted) return;

        _peers++;
        onPeer(peer);
    }

    public void Ended(DhtFamily family, int lookup, int answered)
    {
        family.Searches.Remove(lookup);
        Lookups.Remove((family, lookup));
        _contacts += answered;
    }

    /// <summary>It is over when a family has answered and no other is still at it; or given up. A family without any contact is not waited for.</summary>
    public void Settle(TimeSpan at)
    {
        if (_contacts > 0 && Lookups.TrueForAll(l => l.Family.Node.IsStarved(l.Lookup)))
            Completion.TrySetResult(new FindResult(_contacts, _peers, at - StartedAt));
        if (!Completion.Task.IsCompleted) return;

        foreach (var (family, lookup) in Lookups)
        {
            family.Node.Cancel(lookup);
            family.Searches.Remove(lookup);
        }

        Lookups.Clear();
    }
}

/// <summary>Somebody waiting for the first round of an announcement, in every family.</summary>
internal sealed class AnnounceWait(IEnumerable<DhtFamily> families)
{
    private readonly HashSet<DhtFamily> _families = [.. families];
    private AnnounceResult _result;

    public TaskCompletionSource<AnnounceResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A family's round is over; true if that was the last.</summary>
    public bool Ended(DhtFamily family, AnnounceResult result)
    {
        if (_families.Remove(family))
        {
            var elapsed = result.Nodes > 0 && result.Elapsed > _result.Elapsed ? result.Elapsed : _result.Elapsed;
            _result = new AnnounceResult(_result.Nodes + result.Nodes, elapsed);
        }

        return _families.Count == 0 && Completion.TrySetResult(_result);
    }
}
