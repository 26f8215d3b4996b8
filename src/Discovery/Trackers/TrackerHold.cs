using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>A torrent that a <see cref="TrackerService"/> announces, until this is disposed. Any thread may call.</summary>
public sealed class TrackerHold : IDisposable
{
    private readonly TrackerService _service;
    private int _left;

    internal TrackerHold(TrackerService service, TrackedTorrent torrent, Random random)
    {
        (_service, Torrent) = (service, torrent);
        Schedule = new TrackerSchedule(torrent.Keys, torrent.Tiers, random);
        Key = (uint)random.NextInt64(1L << 32);
    }

    /// <summary>How its trackers stand, in the order in which they are asked; published after each announce.</summary>
    public IReadOnlyList<TrackerSnapshot> Snapshot { get; internal set; } = [];

    /// <summary>Why no tracker helps, in a sentence, if all were tried and none has ever worked; else null.</summary>
    public string? Trouble { get; internal set; }

    internal TrackedTorrent Torrent { get; }

    internal TrackerSchedule Schedule { get; }

    /// <summary>Ours, to this torrent's trackers (BEP 3).</summary>
    internal uint Key { get; }

    /// <summary>What is under way, by tracker.</summary>
    internal Dictionary<TrackerState, Task> UnderWay { get; } = [];

    /// <summary>When something is due.</summary>
    internal TimeSpan DueAt { get; set; }

    internal bool IsLeft { get; set; }

    /// <summary>More names or more trackers; those that are known are passed over.</summary>
    public void Add(IReadOnlyList<Hash160> keys, IReadOnlyList<IReadOnlyList<TrackerUrl>> tiers) => _service.Add(this, keys, tiers);

    /// <summary>The download has become whole.</summary>
    public void Complete() => _service.Complete(this);

    /// <summary>Announces it no more; trackers that count us are told so, which is not waited for.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0) _service.LeaveLater(this, Torrent.Counts());
    }
}
