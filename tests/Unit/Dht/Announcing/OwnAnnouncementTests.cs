using CsCheck;
using Shoal.Core;
using Shoal.Dht.Announcing;
using Xunit;

namespace Shoal.Unit.Dht.Announcing;

public sealed class OwnAnnouncementTests
{
    private static readonly TimeSpan Interval = OwnAnnouncement.Interval;

    [Fact]
    public void IsRepeatedInTime_WhereverItLies() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Double[0, 1], Gen.Int[0, 100_000]).Sample((seed, shift, second) =>
        {
            var now = TimeSpan.FromSeconds(second);
            var announcement = new OwnAnnouncement(Hash160.Random(new Random(seed)), 9000, now);
            announcement.Ended(nodes: 8, reachable: 100, shift, now);

            Assert.InRange(announcement.DueAt - now, Interval / 4, Interval * 1.25);
            var second1 = announcement.DueAt;
            announcement.Ended(nodes: 8, reachable: 100, shift, second1);
            Assert.InRange((announcement.DueAt - second1 - Interval).Duration(), TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
        });

    [Fact]
    public void NeighboursFallDueTogether()
    {
        var key = Hash160.Random(new Random(1));
        var (first, second) = (new OwnAnnouncement(key, 9000, default), new OwnAnnouncement(key.Flip(20), 9000, default));

        first.Ended(8, 100, 0.3, TimeSpan.FromMinutes(1));
        second.Ended(8, 100, 0.3, TimeSpan.FromMinutes(2));

        Assert.InRange((first.DueAt - second.DueAt).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void IsHastened_EverMoreRarely_WhileTooFewTookIt()
    {
        var now = TimeSpan.FromMinutes(1);
        var announcement = new OwnAnnouncement(Hash160.Random(new Random(2)), 9000, now);
        var pauses = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            announcement.Ended(nodes: 3, reachable: 20, 0, now);
            pauses.Add((announcement.DueAt - now).TotalSeconds);
            now = announcement.DueAt;
        }

        Assert.Equal([1, 2, 4, 8, 16], pauses);
    }

    [Fact]
    public void WaitsForMoreContacts_WhenAllThereAreTookIt()
    {
        var announcement = new OwnAnnouncement(Hash160.Random(new Random(3)), 9000, default);
        announcement.Ended(nodes: 3, reachable: 3, 0, TimeSpan.FromMinutes(1));

        Assert.True(announcement.DueAt > TimeSpan.FromMinutes(4));
        Assert.True(announcement.TryHasten());
        Assert.Equal(TimeSpan.FromSeconds(61), announcement.DueAt);
    }

    [Fact]
    public void IsNotAnnouncedAgainAtOnce_WhenEarlierRunDid()
    {
        var announcement = new OwnAnnouncement(Hash160.Random(new Random(4)), 9000, TimeSpan.Zero);

        announcement.Restore(age: TimeSpan.FromMinutes(2), shift: 0.5, now: TimeSpan.Zero);

        Assert.InRange(announcement.DueAt, Interval / 4 - TimeSpan.FromMinutes(2), Interval * 1.25);
    }

    [Fact]
    public void IsDueAtOnce_WhenItHasChanged()
    {
        var announcement = new OwnAnnouncement(Hash160.Random(new Random(5)), 9000, default);
        announcement.Ended(8, 100, 0, TimeSpan.FromMinutes(1));
        var due = announcement.DueAt;

        Assert.False(announcement.TryChange(9000, newIsSeed: false, TimeSpan.FromMinutes(2)));
        Assert.Equal(due, announcement.DueAt);
        Assert.True(announcement.TryChange(9000, newIsSeed: true, TimeSpan.FromMinutes(2)));
        Assert.Equal(TimeSpan.FromMinutes(2), announcement.DueAt);
    }

    [Fact]
    public void IsDueAfterItsRound_WhenItChangesMeanwhile()
    {
        var announcement = new OwnAnnouncement(Hash160.Random(new Random(6)), 9000, default) { IsRunning = true };
        announcement.TryChange(9001, newIsSeed: false, TimeSpan.FromSeconds(1));

        announcement.Ended(8, 100, 0, TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(2), announcement.DueAt);
        announcement.Ended(8, 100, 0, TimeSpan.FromSeconds(3));
        Assert.True(announcement.DueAt > TimeSpan.FromMinutes(3));
    }
}
