using System.Globalization;

namespace Shoal.Discovery.Trackers;

/// <summary>Draws what is to be seen of a schedule.</summary>
internal static class TrackerSnapshots
{
    /// <param name="schedule">Whose.</param>
    /// <param name="utcNow">The time of day.</param>
    /// <param name="now">The schedule's time.</param>
    public static IReadOnlyList<TrackerSnapshot> Of(TrackerSchedule schedule, DateTimeOffset utcNow, TimeSpan now) =>
        [.. schedule.Tiers.All.SelectMany(tier => tier.Trackers.Select(tracker => Of(tier, tracker, utcNow, now)))];

    /// <summary>Why no tracker helps, in a sentence.</summary>
    public static string Trouble(TrackerSchedule schedule)
    {
        var trackers = schedule.Tiers.Trackers.ToList();
        var first = trackers[0];
        var reason = $"The tracker {first.Url.Shown} is of no help: {first.Last?.Failure?.TrimEnd('.')}.";
        return trackers.Count == 1 ? $"{reason} It is asked again." : string.Create(CultureInfo.InvariantCulture, $"{reason} Neither is any other of its {trackers.Count} trackers. They are asked again.");
    }

    private static TrackerSnapshot Of(TrackerTier tier, TrackerState tracker, DateTimeOffset utcNow, TimeSpan now)
    {
        var isNext = tier.Current == tracker && !tier.IsAsking && tier.DueAt < TimeSpan.MaxValue;
        return new TrackerSnapshot(
            tracker.Url.Text,
            tracker.Tier,
            tracker.Last is null ? TrackerStanding.NotAsked : tracker.Last.Failure is null ? TrackerStanding.Works : TrackerStanding.Failed,
            tracker.Last?.Failure ?? tracker.Last?.Warning,
            tracker.Seeds,
            tracker.Downloaders,
            tracker.PeersGiven,
            isNext ? utcNow + (tier.DueAt > now ? tier.DueAt - now : TimeSpan.Zero) : null);
    }
}
