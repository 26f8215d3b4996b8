using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>
/// When which tracker of a torrent is announced to, and why (BEP 3, BEP 12; decision 19). Every tier is announced to, side by side; within a tier one tracker, the first that works. All keys of
/// the torrent are announced together. Intervals are the tracker's, within bounds; no announce without an event comes before its <c>min interval</c>. A tracker that fails is left alone, at first
/// for 15 s and at most for half an hour. Pure: owned by one loop, told the time, and asked what is due.
/// </summary>
internal sealed class TrackerSchedule
{
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan LongestInterval = TimeSpan.FromHours(12);
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(15);
    public static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(30);

    private const int MaxKeys = 4;

    private readonly TrackerTiers _tiers;
    private readonly Random _random;
    private readonly List<Hash160> _keys = [];
    private bool _isComplete;

    public TrackerSchedule(IReadOnlyList<Hash160> keys, IReadOnlyList<IReadOnlyList<TrackerUrl>> tiers, Random random)
    {
        (_tiers, _random) = (new TrackerTiers(random), random);
        Add(keys, tiers);
    }

    public TrackerTiers Tiers => _tiers;

    public IReadOnlyList<Hash160> Keys => _keys;

    /// <summary>Whether every tier has been tried, and no tracker has ever worked.</summary>
    public bool IsInTrouble => _tiers.All.Count > 0 && _tiers.Trackers.All(t => !t.HasWorked) && _tiers.All.All(t => t.Trackers.All(x => x.Failures > 0));

    /// <summary>When something is due next; <see cref="TimeSpan.MaxValue"/> while all that is due is under way.</summary>
    public TimeSpan DueAt => _tiers.All.Where(t => !t.IsAsking).Select(t => t.DueAt).DefaultIfEmpty(TimeSpan.MaxValue).Min();

    /// <summary>More keys, as when metadata shows a hybrid, or more trackers; those that are known are passed over. New keys are told at once.</summary>
    public void Add(IReadOnlyList<Hash160> keys, IReadOnlyList<IReadOnlyList<TrackerUrl>> tiers)
    {
        foreach (var key in keys)
        {
            if (_keys.Count >= MaxKeys || _keys.Contains(key)) continue;

            _keys.Add(key);
            foreach (var tier in _tiers.All.Where(t => t.Current.Failures == 0)) tier.DueAt = TimeSpan.MinValue;
        }

        _tiers.Add(tiers);
    }

    /// <summary>The next announce that is due; each has to be ended with <see cref="Ended"/>.</summary>
    public bool TryTake(TimeSpan now, out TrackerTurn turn)
    {
        foreach (var tier in _tiers.All)
        {
            if (tier.IsAsking || tier.DueAt > now) continue;

            var tracker = tier.Current;
            turn = new TrackerTurn(tier, tracker, _keys.ConvertAll(key => new KeyTurn(key, EventFor(tracker, key), tracker.Ids.GetValueOrDefault(key))), _isComplete);
            (tier.IsAsking, tracker.UnderWay) = (true, turn);
            return true;
        }

        turn = null!;
        return false;
    }

    /// <param name="turn">As it was taken.</param>
    /// <param name="replies">To each of its keys.</param>
    /// <param name="lacksPeers">Whether to ask again as soon as the tracker allows.</param>
    /// <param name="now">The time.</param>
    public void Ended(TrackerTurn turn, IReadOnlyList<AnnounceReply> replies, bool lacksPeers, TimeSpan now)
    {
        var tracker = turn.Tracker;
        (turn.Tier.IsAsking, tracker.UnderWay) = (false, null);
        for (var i = 0; i < replies.Count; i++)
        {
            if (replies[i].Failure is null) Heard(turn, turn.Keys[i], replies[i]);
        }

        var good = replies.Where(r => r.Failure is null).ToList();
        tracker.Last = good.Count > 0 ? good[0] : replies[0];
        if (good.Count == 0)
        {
            tracker.NotBefore = now + Patience(++tracker.Failures, replies.Max(r => r.RetryIn), replies.Any(r => r.RetryIn == Timeout.InfiniteTimeSpan), now);
            turn.Tier.Next(now);
            return;
        }

        (tracker.Failures, tracker.HasWorked) = (0, true);
        tracker.PeersGiven = good.Sum(r => r.Peers.Count);
        tracker.Seeds = good.Max(r => r.Seeds) ?? tracker.Seeds;
        tracker.Downloaders = good.Max(r => r.Downloaders) ?? tracker.Downloaders;
        turn.Tier.MoveToFront();
        turn.Tier.DueAt = OwesNews(turn) ? now : now + Interval(good, lacksPeers);
    }

    /// <summary>The download is whole: trackers that heard of us are told, at once.</summary>
    public void Complete()
    {
        if (_isComplete) return;

        _isComplete = true;
        foreach (var tracker in _tiers.Trackers) tracker.OwesCompleted.UnionWith(tracker.Started);
        foreach (var tier in _tiers.All.Where(t => t.Current is { Failures: 0, OwesCompleted.Count: > 0 })) tier.DueAt = TimeSpan.MinValue;
    }

    /// <summary>Whom to tell that we leave, once what is under way has ended: those that count us, and those that may be about to.</summary>
    public IReadOnlyList<TrackerFarewell> Stop() =>
        [.. _tiers.Trackers.Where(t => t.UnderWay is not null || t.Started.Count > 0).Select(t => new TrackerFarewell(t, [.. t.Started.Union(t.UnderWay?.Keys.Select(k => k.Key) ?? [])], OwedBy(t)))];

    /// <summary>What the announce under way says counts as said.</summary>
    private List<Hash160> OwedBy(TrackerState tracker)
    {
        if (tracker.UnderWay is not { } turn) return [.. tracker.OwesCompleted];

        return [.. turn.Keys.Where(k => k.Event == AnnounceEvent.Started ? _isComplete && !turn.IsComplete : k.Event == AnnounceEvent.None && tracker.OwesCompleted.Contains(k.Key)).Select(k => k.Key)];
    }

    private static AnnounceEvent EventFor(TrackerState tracker, Hash160 key) =>
        !tracker.Started.Contains(key) ? AnnounceEvent.Started : tracker.OwesCompleted.Contains(key) ? AnnounceEvent.Completed : AnnounceEvent.None;

    private void Heard(TrackerTurn turn, KeyTurn said, AnnounceReply reply)
    {
        var tracker = turn.Tracker;
        tracker.Started.Add(said.Key);
        if (said.Event == AnnounceEvent.Completed) tracker.OwesCompleted.Remove(said.Key);
        if (said.Event == AnnounceEvent.Started && _isComplete && !turn.IsComplete) tracker.OwesCompleted.Add(said.Key); // it became so meanwhile
        if (!reply.TrackerId.IsEmpty) tracker.Ids[said.Key] = reply.TrackerId;
    }

    /// <summary>Whether a tracker that works has yet to hear of an event; a key that it refused this time waits with the others.</summary>
    private bool OwesNews(TrackerTurn turn) =>
        turn.Tracker.OwesCompleted.Any(key => turn.Keys.Any(k => k.Key == key && k.Event != AnnounceEvent.Completed)) || _keys.Any(key => turn.Keys.All(k => k.Key != key));

    private static TimeSpan Interval(List<AnnounceReply> good, bool lacksPeers)
    {
        var least = good.Max(r => r.MinInterval);
        var usual = good.Max(r => r.Interval) ?? DefaultInterval;
        var wanted = lacksPeers && least < usual ? least.Value : usual;
        if (wanted < least) wanted = least.Value;
        return wanted < ShortestInterval ? ShortestInterval : wanted > LongestInterval ? LongestInterval : wanted;
    }

    /// <summary>Twice as long each time, up to half an hour, of which a quarter is by chance, so that a crowd does not come back at once; longer if the tracker says so.</summary>
    private TimeSpan Patience(int failures, TimeSpan? retryIn, bool isForever, TimeSpan now)
    {
        if (isForever) return TimeSpan.MaxValue - now;

        var doubled = FirstRetry * Math.Pow(2, Math.Min(failures - 1, 16));
        var wait = (doubled < LongestRetry ? doubled : LongestRetry) * (0.75 + 0.25 * _random.NextDouble());
        if (retryIn is not { } asked) return wait;

        var bounded = asked < LongestInterval ? asked : LongestInterval;
        return bounded > wait ? bounded : wait;
    }
}
