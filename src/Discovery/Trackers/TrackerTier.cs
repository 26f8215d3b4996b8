namespace Shoal.Discovery.Trackers;

/// <summary>Trackers of which one at a time is announced to: the first that works, which then stands first (BEP 12). Owned by its schedule.</summary>
internal sealed class TrackerTier(IReadOnlyList<TrackerState> trackers)
{
    private readonly List<TrackerState> _trackers = [.. trackers];
    private int _at;

    public IReadOnlyList<TrackerState> Trackers => _trackers;

    /// <summary>Whose turn it is.</summary>
    public TrackerState Current => _trackers[_at];

    /// <summary>When; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan DueAt { get; set; } = TimeSpan.MinValue;

    /// <summary>Whether an announce is under way.</summary>
    public bool IsAsking { get; set; }

    /// <summary>The current one works: it is the first from now on.</summary>
    public void MoveToFront()
    {
        var current = Current;
        _trackers.RemoveAt(_at);
        _trackers.Insert(0, current);
        _at = 0;
    }

    /// <summary>The current one does not work: it is the turn of the first that may be asked now, or else of whoever may be soonest.</summary>
    public void Next(TimeSpan now)
    {
        var next = _trackers.FindIndex(t => t.NotBefore <= now);
        if (next < 0) next = _trackers.IndexOf(_trackers.MinBy(t => t.NotBefore)!);
        _at = next;
        DueAt = Current.NotBefore <= now ? now : Current.NotBefore;
    }
}
