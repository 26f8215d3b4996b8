using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Sockets;
using Xunit;

namespace Shoal.Interop.Loopback;

public sealed class DhtLoopbackTests(ITestOutputHelper output)
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(20));

    [Fact]
    public async Task FindsFirstNodeAlone()
    {
        var key = Hash160.Random(new Random(1));
        await using var first = Start("127.0.3.1");
        var alone = await first.AnnounceAsync(key, 9000, isSeed: false, _patience.Token);

        await using var second = Start("127.0.3.2");
        second.AddBootstrap(first.LocalEndPoints[0]);
        var found = new List<FoundPeer>();
        var result = await second.FindPeersAsync(key, found.Add, _patience.Token);

        Assert.Equal(0, alone.Nodes);
        Assert.Equal(first.LocalEndPoints[0].WithPort(9000), Assert.Single(found).EndPoint);
        Assert.Equal(1, result.Contacts);
        output.WriteLine($"first peer after {found[0].Elapsed.TotalMilliseconds:0.0} ms, done after {result.Elapsed.TotalMilliseconds:0.0} ms");
    }

    [Fact]
    public async Task SaysAddressThatWasAsked_WhenBoundToAll()
    {
        var key = Hash160.Random(new Random(2));
        await using var first = Start("0.0.0.0");
        await first.AnnounceAsync(key, 9000, isSeed: false, _patience.Token);

        await using var second = Start("127.0.0.1");
        second.AddBootstrap("127.0.0.1", first.LocalEndPoints[0].Port);
        var found = new List<FoundPeer>();
        await second.FindPeersAsync(key, found.Add, _patience.Token);

        Assert.Equal(new NetEndPoint(IPAddress.Loopback, 9000), Assert.Single(found).EndPoint);
    }

    [Fact]
    public async Task AnswersFromAddressThatWasAsked_WhenBoundToAll()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux answers on all of 127.0.0.0/8");
        var key = Hash160.Random(new Random(2));
        await using var first = Start("0.0.0.0");
        await first.AnnounceAsync(key, 9000, isSeed: false, _patience.Token);

        await using var second = Start("127.0.3.9");
        second.AddBootstrap("127.0.3.8", first.LocalEndPoints[0].Port);
        var found = new List<FoundPeer>();
        await second.FindPeersAsync(key, found.Add, _patience.Token);

        Assert.Contains(found, p => p.EndPoint == new NetEndPoint(IPAddress.Parse("127.0.3.8"), 9000));
    }

    [Fact]
    public async Task FindsPeer_OverIPv6()
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6, "no IPv6 here");
        var key = Hash160.Random(new Random(3));
        await using var first = Start("127.0.3.3", "::1");
        await first.AnnounceAsync(key, 9000, isSeed: false, _patience.Token);

        await using var second = Start("127.0.3.4", "::1");
        second.AddBootstrap(first.LocalEndPoints[1]);
        var found = new List<FoundPeer>();
        await second.FindPeersAsync(key, found.Add, _patience.Token);

        Assert.Contains(found, p => p.EndPoint == first.LocalEndPoints[1].WithPort(9000));
    }

    [Fact]
    public async Task FindsWhatOthersAnnounced_AmongTwenty()
    {
        var nodes = new List<DhtService>();
        for (var i = 0; i < 20; i++)
        {
            nodes.Add(Start($"127.0.4.{i + 1}"));
            if (i > 0) nodes[i].AddBootstrap(nodes[0].LocalEndPoints[0]);
        }

        var key = Hash160.Random(new Random(4));
        var announced = await nodes[7].AnnounceAsync(key, 9000, isSeed: false, _patience.Token);
        foreach (var node in nodes)
        {
            if (node == nodes[7]) continue;
            var found = new List<FoundPeer>();
            do await node.FindPeersAsync(key, found.Add, _patience.Token);
            while (found.Count == 0); // the network is still forming, and whoever looks looks again
            Assert.Contains(found, p => p.EndPoint == nodes[7].LocalEndPoints[0].WithPort(9000));
        }

        foreach (var node in nodes) await node.DisposeAsync();
        output.WriteLine($"announced to {announced.Nodes} in {announced.Elapsed.TotalMilliseconds:0.0} ms");
    }

    [Fact]
    public async Task ComesBack_WhenBootstrapIsGone()
    {
        var key = Hash160.Random(new Random(5));
        await using var second = Start("127.0.3.5");
        byte[] state;
        NodeId id;
        await using (var first = Start("127.0.3.6"))
        {
            first.AddBootstrap(second.LocalEndPoints[0]);
            await first.AnnounceAsync(key, 9000, isSeed: false, _patience.Token);
            state = await first.SaveStateAsync(_patience.Token);
            id = first.Snapshot.Nodes[0].Id;
        }

        await using var again = Start(new DhtOptions { SavedState = state }, "127.0.3.6");
        var result = await again.FindPeersAsync(key, _ => { }, _patience.Token);

        Assert.Equal(id, again.Snapshot.Nodes[0].Id);
        Assert.Equal(1, result.Contacts);
    }

    [Fact]
    public async Task LeavesNothingBehind_WhenStopped()
    {
        var service = Start("127.0.3.7");
        service.AddBootstrap("127.0.3.254", 9);
        service.AddBootstrap("name.invalid", 9);
        var search = service.FindPeersAsync(Hash160.Random(new Random(6)), _ => { }, CancellationToken.None);
        var endPoint = service.LocalEndPoints[0].ToIPEndPoint();

        await service.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => search);
        using var again = UdpDatagramSocket.Bind(endPoint);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service.FindPeersAsync(default, _ => { }, CancellationToken.None));
    }

    [Fact]
    public async Task GivesUp_WhenToldTo()
    {
        await using var service = Start("127.0.3.10");
        using var given = new CancellationTokenSource();

        var search = service.FindPeersAsync(Hash160.Random(new Random(7)), _ => { }, given.Token);
        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => search);
    }

    private static DhtService Start(params string[] addresses) => Start(new DhtOptions(), addresses);

    private static DhtService Start(DhtOptions options, params string[] addresses) => DhtService.Start(
        [.. addresses.Select(a => UdpDatagramSocket.Bind(new IPEndPoint(IPAddress.Parse(a), 0)))],
        options,
        TimeProvider.System,
        new SecureRandom(),
        NullLogger.Instance);
}
