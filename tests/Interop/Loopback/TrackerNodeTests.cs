using System.Net;
using Shoal.Core.Metainfo;
using Shoal.Harness.Disk;
using Shoal.Harness.Trackers;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;
using Xunit;

namespace Shoal.Interop.Loopback;

/// <summary>Two nodes that know nothing but a tracker.</summary>
public sealed class TrackerNodeTests : IAsyncDisposable
{
    private static int _last;

    private readonly ScratchFolder _folder = new();
    private readonly byte[] _content = new byte[300_000];

    public TrackerNodeTests()
    {
        new Random(1).NextBytes(_content);
        _folder.Write("in/file.bin", _content);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task FindEachOther(bool isUdp, bool isPrivate)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("only Linux has all of 127/8");
        await using var http = new HttpTestTracker();
        await using var udp = new UdpTestTracker();
        var url = isUdp ? udp.Url : http.Url;
        using var stop = new CancellationTokenSource();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        ExitCode code;
        string firstAt, secondAt;
        await using (var first = await StartAsync("first"))
        await using (var second = await StartAsync("second"))
        {
            (firstAt, secondAt) = (first.Listening.Tcp!, second.Listening.Tcp!);
            var shared = new TaskCompletionSource<SharedEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
            var sharing = first.Commands.ShareAsync(
                [new ShareRequest(_folder["in", "file.bin"]) { Trackers = [url], Private = isPrivate }], e => { if (e is SharedEvent s) shared.TrySetResult(s); }, stop.Token);
            Assert.True(MagnetLink.TryParse((await shared.Task.WaitAsync(limit.Token)).Link, out var link));
            Assert.Equal([url], link.Trackers);

            code = await second.Commands.GetAsync(new GetRequest((link with { Peers = [] }).ToString(), _folder["out"]), static _ => { }, limit.Token);
            await stop.CancelAsync();
            await sharing;
        }

        Assert.Equal(ExitCode.Done, code);
        Assert.Equal(_content, File.ReadAllBytes(_folder["out", "file.bin"]));
        var seen = (isUdp ? udp.Seen : http.Seen).GroupBy(s => s.From).ToDictionary(g => g.Key.ToString(), g => g.Select(s => (s.Event, s.Left > 0)));
        Assert.Equal([("started", false), ("stopped", false)], seen[firstAt]);
        Assert.Equal([("started", true), ("completed", false), ("stopped", false)], seen[secondAt]);
    }

    [Fact]
    public async Task ANodeAnnouncesWhatItServes_AfterARestart()
    {
        await using var tracker = new HttpTestTracker();
        using var stop = new CancellationTokenSource();
        await using (var first = await StartAsync("store"))
        {
            var shared = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var sharing = first.Commands.ShareAsync([new ShareRequest(_folder["in", "file.bin"]) { Trackers = [tracker.Url] }], e => { if (e is SharedEvent) shared.TrySetResult(); }, stop.Token);
            await shared.Task;
            await stop.CancelAsync();
            await sharing;
        }

        var before = tracker.Seen.Count;
        await using (await StartAsync("store", servesStore: true))
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while (tracker.Seen.Count == before) await Task.Delay(20, limit.Token);
        }

        Assert.Equal([("started", 0L), ("stopped", 0L)], tracker.Seen.Skip(before).Select(s => (s.Event, s.Left)));
    }

    [Fact]
    public async Task FindsWhomATrackerNames_AndLeavesNoTrace()
    {
        await using var tracker = new UdpTestTracker();
        using var stop = new CancellationTokenSource();
        await using var first = await StartAsync("first");
        var shared = new TaskCompletionSource<SharedEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        var sharing = first.Commands.ShareAsync([new ShareRequest(_folder["in", "file.bin"]) { Trackers = [tracker.Url] }], e => { if (e is SharedEvent s) shared.TrySetResult(s); }, stop.Token);
        var id = (await shared.Task).Infohash!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (tracker.Seen.Count == 0) await Task.Delay(20, limit.Token);

        var found = new List<FoundPeerEvent>();
        await using (var second = await StartAsync("second"))
        {
            Assert.Equal(ExitCode.Done, await second.Commands.FindAsync(new FindRequest(id) { Trackers = [tracker.Url], Timeout = 20 }, e => { if (e is FoundPeerEvent f) found.Add(f); }, default));
        }

        await stop.CancelAsync();
        await sharing;
        Assert.Equal((first.Listening.Tcp, "tracker"), (Assert.Single(found).Address, found[0].Via));
        Assert.Equal(["started", "started", "stopped"], tracker.Seen.Take(3).Select(s => s.Event));
        Assert.Equal(0, tracker.Seen[1].From.Port);
    }

    private Task<ShoalNode> StartAsync(string store, bool servesStore = false) => ShoalNode.StartAsync(new NodeOptions
    {
        StorePath = _folder[store],
        Listen = [new IPAddress([127, 0, 11, (byte)Interlocked.Increment(ref _last)])],
        ServeStore = servesStore,
    });
}
