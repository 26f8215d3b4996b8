using CsCheck;
using Shoal.Core;
using Shoal.Discovery.Trackers;
using Xunit;

namespace Shoal.Unit.Discovery.Trackers;

public sealed class TrackerScheduleTests
{
    private static readonly Hash160 V2 = new("aaaaaaaaaaaaaaaaaaaa"u8), V1 = new("bbbbbbbbbbbbbbbbbbbb"u8);
    private static readonly AnnounceReply Good = new() { Interval = TimeSpan.FromMinutes(30), Seeds = 1, Downloaders = 2 };
    private static readonly AnnounceReply Bad = AnnounceReply.Failed("no");

    private TimeSpan _now = TimeSpan.FromHours(1);

    [Fact]
    public void AnnouncesStartedOnce_ThenAtTheIntervalOfTheTracker()
    {
        var schedule = Create([["http://a"]]);

        Assert.Equal(AnnounceEvent.Started, Take(schedule, Good).Keys[0].Event);
        Assert.Equal(_now + TimeSpan.FromMinutes(30), schedule.DueAt);
        Assert.False(schedule.TryTake(_now + TimeSpan.FromMinutes(29), out _));
        _now = schedule.DueAt;

        Assert.Equal(AnnounceEvent.None, Take(schedule, Good).Keys[0].Event);
    }

    [Fact]
    public void AnnouncesEveryTierSideBySide_AndOfEachTheFirstThatWorks()
    {
        var schedule = Create([["http://a", "http://b", "http://c"], ["udp://d:1"]]);
        Assert.True(schedule.TryTake(_now, out var first));
        Assert.True(schedule.TryTake(_now, out var second));
        Assert.False(schedule.TryTake(_now, out _));
        Assert.Equal("udp://d:1", second.Tracker.Url.Text);

        schedule.Ended(first, [Bad], false, _now);
        Assert.True(schedule.TryTake(_now, out var next));
        Assert.NotEqual(first.Tracker, next.Tracker);
        Assert.Equal(first.Tier, next.Tier);
        schedule.Ended(next, [Good], false, _now);

        Assert.Equal(next.Tracker, first.Tier.Trackers[0]);
        _now += TimeSpan.FromMinutes(30);
        Assert.True(schedule.TryTake(_now, out var again));
        Assert.Equal(next.Tracker, again.Tracker);
    }

    [Fact]
    public void ShufflesEachTier_AndKeepsTheOrderOfTiers()
    {
        var urls = Enumerable.Range(0, 8).Select(i => $"http://t{i}").ToArray();
        var orders = Enumerable.Range(0, 20).Select(seed => Create([urls, ["http://last"]], seed).Tiers).ToList();

        Assert.All(orders, tiers => Assert.Equal(urls, tiers.All[0].Trackers.Select(t => t.Url.Text).Order()));
        Assert.All(orders, tiers => Assert.Equal("http://last", tiers.All[1].Current.Url.Text));
        Assert.True(orders.Select(t => t.All[0].Current.Url.Text).Distinct().Count() > 3);
    }

    [Fact]
    public void PassesOverTrackersThatAreNamedTwice_AndThoseBeyondItsBound()
    {
        var schedule = Create([["http://a"], ["http://a", "http://b"], ["http://b"]]);
        schedule.Add([], Read([["http://b"], [.. Enumerable.Range(0, 200).Select(i => $"http://t{i}")]]));

        Assert.Equal(3, schedule.Tiers.All.Count);
        Assert.Equal(TrackerTiers.MaxTrackers, schedule.Tiers.Trackers.Count());
    }

    [Fact]
    public void WaitsTwiceAsLongAfterEachFailure_UpToHalfAnHour()
    {
        var schedule = Create([["http://a"]]);
        var waits = new List<double>();
        for (var i = 0; i < 14; i++)
        {
            Assert.True(schedule.TryTake(_now, out var turn));
            Assert.Equal(AnnounceEvent.Started, turn.Keys[0].Event);
            schedule.Ended(turn, [Bad], false, _now);
            waits.Add((schedule.DueAt - _now).TotalSeconds);
            _now = schedule.DueAt;
        }

        Assert.All(waits.Select((wait, i) => (wait, full: Math.Min(15 * Math.Pow(2, i), 1800))), w => Assert.InRange(w.wait, w.full * 0.75, w.full));
        Assert.True(waits.Skip(8).Distinct().Count() > 3);
        Assert.True(schedule.IsInTrouble);
    }

    [Fact]
    public void LeavesATrackerAlone_AsLongAsItSays()
    {
        var schedule = Create([["http://a"]]);
        Take(schedule, Bad with { RetryIn = TimeSpan.FromMinutes(50) });
        Assert.Equal(_now + TimeSpan.FromMinutes(50), schedule.DueAt);
        _now = schedule.DueAt;

        Take(schedule, Bad with { RetryIn = Timeout.InfiniteTimeSpan });

        Assert.Equal(TimeSpan.MaxValue, schedule.DueAt);
    }

    [Theory]
    [InlineData(null, null, 1800)]
    [InlineData(0, null, 60)]
    [InlineData(1, 1, 60)]
    [InlineData(900, 600, 900)]
    [InlineData(600, 900, 900)]
    [InlineData(int.MaxValue, null, 12 * 3600)]
    public void KeepsIntervalsWithinBounds(int? interval, int? least, int seconds)
    {
        var schedule = Create([["http://a"]]);

        Take(schedule, new AnnounceReply { Interval = Seconds(interval), MinInterval = Seconds(least) });

        Assert.Equal(seconds, (schedule.DueAt - _now).TotalSeconds);
    }

    [Theory]
    [InlineData(1800, 300, 300)]
    [InlineData(1800, null, 1800)]
    [InlineData(100, 300, 300)]
    public void AsksAgainAsSoonAsItMay_WhenPeersAreLacking(int interval, int? least, int seconds)
    {
        var schedule = Create([["http://a"]]);

        Take(schedule, new AnnounceReply { Interval = Seconds(interval), MinInterval = Seconds(least) }, lacksPeers: true);

        Assert.Equal(seconds, (schedule.DueAt - _now).TotalSeconds);
    }

    [Fact]
    public void TellsOfCompletionAtOnce_AndOnce()
    {
        var schedule = Create([["http://a"]]);
        Take(schedule, Good);
        schedule.Complete();
        schedule.Complete();

        Assert.Equal(AnnounceEvent.Completed, Take(schedule, Good).Keys[0].Event);
        Assert.Equal(_now + TimeSpan.FromMinutes(30), schedule.DueAt);
        _now = schedule.DueAt;
        Assert.Equal(AnnounceEvent.None, Take(schedule, Good).Keys[0].Event);
    }

    [Fact]
    public void TellsOfCompletionLater_WhenTheFirstAnnounceWasUnderWay()
    {
        var schedule = Create([["http://a"]]);
        Assert.True(schedule.TryTake(_now, out var turn));
        schedule.Complete();
        schedule.Ended(turn, [Good], false, _now);

        Assert.Equal(AnnounceEvent.Completed, Take(schedule, Good).Keys[0].Event);
    }

    [Fact]
    public void SaysNothingOfCompletion_WhenItWasCompleteFromTheStart()
    {
        var schedule = Create([["http://a"]]);
        schedule.Complete();

        Assert.Equal(AnnounceEvent.Started, Take(schedule, Good).Keys[0].Event);
        Assert.Equal(_now + TimeSpan.FromMinutes(30), schedule.DueAt);
    }

    [Fact]
    public void AnnouncesBothNamesOfAHybrid_AndCountsOneThatWorks()
    {
        var schedule = Create([["http://a"]], keys: [V2, V1]);
        Assert.True(schedule.TryTake(_now, out var turn));
        schedule.Ended(turn, [Bad, Good with { TrackerId = "id"u8.ToArray() }], false, _now);
        Assert.Equal(_now + TimeSpan.FromMinutes(30), schedule.DueAt);
        _now = schedule.DueAt;

        Assert.True(schedule.TryTake(_now, out var next));

        Assert.Equal([AnnounceEvent.Started, AnnounceEvent.None], next.Keys.Select(k => k.Event));
        Assert.Equal([0, 2], next.Keys.Select(k => k.TrackerId.Length));
    }

    [Fact]
    public void TellsAnotherNameAtOnce_WhenItIsLearnt()
    {
        var schedule = Create([["http://a"]]);
        Take(schedule, Good);

        schedule.Add([V2, V1], []);

        Assert.Equal([AnnounceEvent.None, AnnounceEvent.Started], Take(schedule, Good).Keys.Select(k => k.Event));
        Assert.Equal(_now + TimeSpan.FromMinutes(30), schedule.DueAt);
    }

    [Fact]
    public void TakesLeaveOfThoseWhoCountUs_AndOfThoseWhoMaySoon()
    {
        var schedule = Create([["http://a"], ["http://b"], ["http://c"]], keys: [V2]);
        Take(schedule, Good);
        Take(schedule, Bad);
        Assert.True(schedule.TryTake(_now, out _));
        schedule.Complete();

        var farewells = schedule.Stop();

        Assert.Equal(["http://a", "http://c"], farewells.Select(f => f.Tracker.Url.Text));
        Assert.Equal([1, 1], farewells.Select(f => f.OwesCompleted.Count));
        Assert.True(schedule.TryTake(_now, out var telling));
        Assert.Equal(AnnounceEvent.Completed, telling.Keys[0].Event);
        Assert.Equal([0, 1], schedule.Stop().Select(f => f.OwesCompleted.Count));
    }

    [Fact]
    public void NeverAnnouncesTooOften_WhateverTrackersSay() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[-1, 4000], Gen.Int[-1, 4000], Gen.Bool).Array[1, 60].Sample(
            replies =>
            {
                var now = TimeSpan.Zero;
                var schedule = new TrackerSchedule([V2], Read([["http://a", "http://b"]]), new Random(3));
                var last = new Dictionary<TrackerUrl, TimeSpan>();
                foreach (var (kind, interval, least, lacks) in replies)
                {
                    now = schedule.DueAt < now ? now : schedule.DueAt;
                    Assert.True(schedule.TryTake(now, out var turn));
                    if (last.TryGetValue(turn.Tracker.Url, out var before)) Assert.True(now - before >= TimeSpan.FromSeconds(15 * 0.75), $"{now - before}");
                    last[turn.Tracker.Url] = now;
                    schedule.Ended(turn, [kind == 0 ? Bad : new AnnounceReply { Interval = Seconds(interval < 0 ? null : interval), MinInterval = Seconds(least < 0 ? null : least) }], lacks, now);
                    if (kind != 0) Assert.True(schedule.DueAt - now >= TimeSpan.FromSeconds(Math.Max(60, least)));
                }
            });

    private TrackerTurn Take(TrackerSchedule schedule, AnnounceReply reply, bool lacksPeers = false)
    {
        Assert.True(schedule.TryTake(_now, out var turn));
        schedule.Ended(turn, [.. turn.Keys.Select(_ => reply)], lacksPeers, _now);
        return turn;
    }

    private static TimeSpan? Seconds(int? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;

    private static TrackerSchedule Create(string[][] tiers, int seed = 1, Hash160[]? keys = null) => new(keys ?? [V2], Read(tiers), new Random(seed));

    private static IReadOnlyList<IReadOnlyList<TrackerUrl>> Read(string[][] tiers) =>
        [.. tiers.Select(tier => tier.Select(text => TrackerUrl.TryParse(text, out var url) ? url : throw new ArgumentException(text)).ToList())];
}
