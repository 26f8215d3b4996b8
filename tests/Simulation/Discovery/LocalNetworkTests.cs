using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Core;
using Shoal.Discovery.Local;
using Shoal.Harness.Network;
using Xunit;

namespace Shoal.Simulation.Discovery;

public sealed class LocalNetworkTests
{
    private static readonly Hash160 Torrent = Hash160.Random(new Random(7));

    [Fact]
    public void TwoStrangersFindEachOther_WithNothingConfigured()
    {
        var world = new VirtualWorld(1);
        var lan = new VirtualLan(world.Network);
        List<NetEndPoint> heardByFirst = [], heardBySecond = [], nodes = [];

        world.Run(async () =>
        {
            await using var first = Start(world, lan, 1, new LocalDiscoveryOptions { Port = 9000, DhtPort = 8468 });
            using var shared = first.Join(Torrent, LocalInterest.Share, heardByFirst.Add);
            await Task.Delay(TimeSpan.FromMinutes(2), world.Clock);

            await using var second = Start(world, lan, 2, new LocalDiscoveryOptions { Port = 9001 }, nodes.Add);
            using var fetched = second.Join(Torrent, LocalInterest.Get, heardBySecond.Add);
            await Task.Delay(TimeSpan.FromSeconds(1.5), world.Clock);
        }, TimeSpan.FromMinutes(3));

        Assert.Equal([At(2, 9001)], heardByFirst.Distinct());
        Assert.Equal([At(1, 9000)], heardBySecond.Distinct());
        Assert.Equal([At(1, 8468)], nodes.Distinct());
    }

    [Fact]
    public void IsFound_ThoughHalfOfAllGetsLost()
    {
        var world = new VirtualWorld(2) { Network = { Loss = 0.5 } };
        var lan = new VirtualLan(world.Network);
        List<NetEndPoint> heard = [];

        world.Run(async () =>
        {
            await using var first = Start(world, lan, 1, new LocalDiscoveryOptions { Port = 9000 });
            using var shared = first.Join(Torrent, LocalInterest.Share, _ => { });
            await using var second = Start(world, lan, 2, new LocalDiscoveryOptions());
            using var found = second.Join(Torrent, LocalInterest.Find, heard.Add);
            while (heard.Count == 0) await Task.Delay(TimeSpan.FromSeconds(1), world.Clock);
        }, TimeSpan.FromMinutes(20));

        Assert.Equal(At(1, 9000), heard[0]);
    }

    [Fact]
    public void SaysEverythingAnew_WhenANetworkAppears()
    {
        var world = new VirtualWorld(3);
        var lan = new VirtualLan(world.Network);
        List<NetEndPoint> heard = [];

        world.Run(async () =>
        {
            await using var there = Start(world, lan, 1, new LocalDiscoveryOptions { Port = 9000 });
            using var fetched = there.Join(Torrent, LocalInterest.Get, heard.Add);
            var socket = new VirtualMulticastSocket(lan, At(2, 6771)) { IsUp = false };
            await using var wanderer = Start(world, socket, 2, new LocalDiscoveryOptions { Port = 9001 });
            using var shared = wanderer.Join(Torrent, LocalInterest.Share, _ => { });
            await Task.Delay(TimeSpan.FromMinutes(2), world.Clock);
            Assert.Empty(heard);

            socket.IsUp = true;
            await Task.Delay(TimeSpan.FromMinutes(1.1), world.Clock);
        }, TimeSpan.FromMinutes(4));

        Assert.Equal([At(2, 9001)], heard.Distinct());
    }

    [Fact]
    public void ACrowdMeets_AndNobodyIsLoud()
    {
        const int Crowd = 40;
        var world = new VirtualWorld(4);
        var lan = new VirtualLan(world.Network);
        var heard = Enumerable.Range(0, Crowd).Select(_ => new HashSet<NetEndPoint>()).ToList();
        List<int> early = [];

        world.Run(async () =>
        {
            var nodes = new List<LocalDiscoveryService>();
            foreach (var mine in heard)
            {
                nodes.Add(Start(world, lan, nodes.Count + 1, new LocalDiscoveryOptions { Port = 9000, DhtPort = 8468 }));
                nodes[^1].Join(Torrent, LocalInterest.Get, peer => mine.Add(peer));
                await Task.Delay(TimeSpan.FromMilliseconds(100), world.Clock);
            }

            await Task.Delay(TimeSpan.FromSeconds(1), world.Clock);
            early.AddRange(heard.Select(h => h.Count));
            await Task.Delay(TimeSpan.FromSeconds(25), world.Clock);
            foreach (var node in nodes) await node.DisposeAsync();
        }, TimeSpan.FromMinutes(1));

        Assert.All(early, known => Assert.InRange(known, 8, Crowd - 1));
        Assert.All(heard, h => Assert.Equal(Crowd - 1, h.Count));
        Assert.All(lan.Said.Values, said => Assert.InRange(said, 1, AnnouncePace.Burst + 4));
    }

    [Fact]
    public void AFloodDoesNotMakeItLoud()
    {
        var world = new VirtualWorld(5);
        var lan = new VirtualLan(world.Network);
        var question = new byte[Announcement.MaxLength];

        world.Run(async () =>
        {
            await using var node = Start(world, lan, 1, new LocalDiscoveryOptions { Port = 9000, DhtPort = 8468 });
            using var shared = node.Join(Torrent, LocalInterest.Share, _ => { });
            for (var i = 0; i < 3000; i++)
            {
                var stranger = new Announcement { Port = 1 + i, Cookie = $"{i}", IsRendezvous = true, DhtPort = 1 + i, Torrents = [Torrent], Wanted = [Torrent] };
                var length = AnnouncementWriter.Write(stranger, AddressFamily.InterNetwork, question);
                lan.Say(question.AsSpan(0, length), At(2 + i % 250, 6771));
                await Task.Delay(TimeSpan.FromMilliseconds(100), world.Clock);
            }
        }, TimeSpan.FromMinutes(6));

        Assert.InRange(lan.Said[At(1, 6771)], 1, AnnouncePace.Burst + 7 * 5);
    }

    private static LocalDiscoveryService Start(VirtualWorld world, VirtualLan lan, int host, LocalDiscoveryOptions options, Action<NetEndPoint>? onNode = null) =>
        Start(world, lan.Open(At(host, 6771)), host, options, onNode);

    private static LocalDiscoveryService Start(VirtualWorld world, VirtualMulticastSocket socket, int seed, LocalDiscoveryOptions options, Action<NetEndPoint>? onNode = null) =>
        LocalDiscoveryService.Start([socket], options, onNode ?? (_ => { }), world.Clock, new Random(seed), NullLogger.Instance);

    private static NetEndPoint At(int host, int port) => new(new IPAddress([10, 0, 0, (byte)host]), port);
}
