using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Core;
using Shoal.Discovery.Trackers;
using Shoal.Harness.Trackers;
using Xunit;

namespace Shoal.Interop.Loopback;

public sealed class TrackerServiceTests
{
    private static readonly Hash160 V2 = new("aaaaaaaaaaaaaaaaaaaa"u8), V1 = new("bbbbbbbbbbbbbbbbbbbb"u8);

    [Fact]
    public async Task TellsEveryEvent_UnderEveryName_AndStandsAsTheTrackerSays()
    {
        await using var tracker = new HttpTestTracker { HidesCounts = true };
        var service = Start();
        var left = 100L;
        var hold = service.Join(Torrent([V2, V1], [[tracker.Url]], () => new AnnounceCounts(1, 2, left)) with { Port = 1111 });
        await Until(() => tracker.Seen.Count == 2);
        left = 0;
        hold.Complete();
        await Until(() => tracker.Seen.Count == 4);
        await Until(() => hold.Snapshot is [{ Seeds: 1, Downloaders: 0, NextAnnounce: not null }]);
        hold.Dispose();
        await service.DisposeAsync();

        Assert.Equal([V2, V1], tracker.Seen.Take(2).Select(s => s.Torrent).Order());
        Assert.Equal(["started", "started", "completed", "completed", "stopped", "stopped"], tracker.Seen.Select(s => s.Event));
        Assert.Equal([100, 100, 0, 0, 0, 0], tracker.Seen.Select(s => s.Left));
        Assert.Single(tracker.Seen.Select(s => s.Key).Distinct());
        Assert.Equal((tracker.Url, 0, TrackerStanding.Works), (hold.Snapshot[0].Url, hold.Snapshot[0].Tier, hold.Snapshot[0].State));
    }

    [Fact]
    public async Task GoesOnToTheNextOfATier_AndSaysWhatIsWrong()
    {
        await using var bad = new HttpTestTracker { Scripted = static _ => HttpTestTracker.Response("200 OK", "d14:failure reason2:noe"u8.ToArray()) };
        await using var good = new UdpTestTracker();
        await using var service = Start();
        var alone = service.Join(Torrent([V2], [[bad.Url]], static () => AnnounceCounts.Unknown));
        var hold = service.Join(Torrent([V1], [[bad.Url, good.Url]], static () => AnnounceCounts.Unknown));

        await Until(() => hold.Snapshot is [{ State: TrackerStanding.Works }, _] && alone.Trouble is not null);

        Assert.Equal(good.Url, hold.Snapshot[0].Url);
        Assert.Null(hold.Trouble);
        Assert.Equal($"The tracker {bad.Root} is of no help: no. It is asked again.", alone.Trouble);
        Assert.Equal("no", alone.Snapshot[0].Message);
    }

    [Fact]
    public async Task TellsPeersOfEachOther_AndForgetsThoseWhoLeave()
    {
        await using var tracker = new UdpTestTracker();
        var found = new List<NetEndPoint>();
        var first = Start();
        first.Join(Torrent([V2], [[tracker.Url]], static () => new AnnounceCounts(0, 0, 0)) with { Port = 1111 });
        await Until(() => tracker.Seen.Count == 1);
        await using (var second = Start())
        {
            second.Join(Torrent([V2], [[tracker.Url]], static () => AnnounceCounts.Unknown) with { OnPeers = found.AddRange });
            await Until(() => found.Count == 1);
        }

        await first.DisposeAsync();
        found.Clear();
        await using (var third = Start())
        {
            var hold = third.Join(Torrent([V2], [[tracker.Url]], static () => AnnounceCounts.Unknown) with { OnPeers = found.AddRange });
            await Until(() => hold.Snapshot is [{ State: TrackerStanding.Works }]);
        }

        Assert.Empty(found);
        Assert.Equal(["started", "started", "stopped", "stopped", "started", "stopped"], tracker.Seen.Select(s => s.Event));
    }

    [Fact]
    public async Task EndsWithinItsTime_WhenATrackerSaysNothing()
    {
        using var silent = new System.Net.Sockets.UdpClient(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var service = Start();
        service.Join(Torrent([V2], [[$"udp://{silent.Client.LocalEndPoint}"]], static () => AnnounceCounts.Unknown));
        await silent.ReceiveAsync();

        var ended = service.DisposeAsync().AsTask();

        Assert.Same(ended, await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(20))));
    }

    private static TrackerService Start() => TrackerService.Start(
        new TrackerClient([], "Shoal/test", TimeProvider.System, new Random(1), NullLogger.Instance),
        new TrackerServiceOptions { PeerId = new PeerId(V2) }, TimeProvider.System, new Random(2), NullLogger.Instance);

    private static TrackedTorrent Torrent(Hash160[] keys, string[][] tiers, Func<AnnounceCounts> counts) => new()
    {
        Keys = keys,
        Tiers = [.. tiers.Select(tier => tier.Select(text => TrackerUrl.TryParse(text, out var url) ? url : throw new ArgumentException(text)).ToList())],
        Counts = counts,
        OnPeers = static _ => { },
    };

    private static async Task Until(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!isSo()) await Task.Delay(20, limit.Token);
    }
}
