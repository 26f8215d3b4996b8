using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Announcing;
using Shoal.Harness.Network;
using Xunit;

namespace Shoal.Simulation.Dht;

public sealed class DhtServiceTests
{
    private static readonly Hash160 Key = Hash160.Random(new Random(42));

    [Fact]
    public void FindsWhatAnotherAnnounced()
    {
        var found = new List<FoundPeer>();
        var world = new VirtualWorld(1);

        world.Run(async () =>
        {
            await using var first = Start(world, 1);
            await using var second = Start(world, 2);
            await using var third = Start(world, 3);
            second.AddBootstrap(first.LocalEndPoints[0]);
            third.AddBootstrap(first.LocalEndPoints[0]);
            await second.AnnounceAsync(Key, 9000, isSeed: false, CancellationToken.None);
            await third.FindPeersAsync(Key, found.Add, CancellationToken.None);
        }, TimeSpan.FromMinutes(1));

        Assert.Equal(EndPoint(2).WithPort(9000), Assert.Single(found).EndPoint);
    }

    [Fact]
    public void AnnouncesToNobody_WhenAlone()
    {
        var world = new VirtualWorld(2);

        world.Run(async () =>
        {
            await using var alone = Start(world, 1);
            Assert.Equal(0, (await alone.AnnounceAsync(Key, 9000, isSeed: false, CancellationToken.None)).Nodes);
            alone.AddBootstrap(EndPoint(9));
            Assert.Equal(0, (await alone.AnnounceAsync(Key, 9000, isSeed: false, CancellationToken.None)).Nodes);
        }, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void WaitsForFirstContact_WhenTableIsEmpty()
    {
        var world = new VirtualWorld(3);
        var found = new List<FoundPeer>();

        world.Run(async () =>
        {
            await using var early = Start(world, 1);
            early.AddBootstrap("first.example", 8468);
            var search = early.FindPeersAsync(Key, found.Add, CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(30), world.Clock);
            Assert.False(search.IsCompleted);

            await using var late = Start(world, 2);
            await late.AnnounceAsync(Key, 9000, isSeed: false, CancellationToken.None);
            await search;
        }, TimeSpan.FromMinutes(2));

        Assert.Single(found);
    }

    [Fact]
    public void GivesSameTrace_WhenSeedIsSame()
    {
        static string Trace(int seed)
        {
            var world = new VirtualWorld(seed) { Network = { Loss = 0.05 } };
            world.Run(async () =>
            {
                var services = new List<DhtService>();
                for (var i = 1; i <= 12; i++)
                {
                    services.Add(Start(world, i));
                    if (i > 1) services[^1].AddBootstrap(services[0].LocalEndPoints[0]);
                }

                await services[3].AnnounceAsync(Key, 9000, isSeed: false, CancellationToken.None);
                await services[8].FindPeersAsync(Key, _ => { }, CancellationToken.None);
                await Task.Delay(TimeSpan.FromMinutes(1), world.Clock);
                foreach (var service in services) await service.DisposeAsync();
            }, TimeSpan.FromMinutes(5));
            return world.Network.TraceHash;
        }

        var first = Trace(4);
        var second = Trace(4);

        Assert.Equal(first, second);
        Assert.NotEqual(first, Trace(5));
    }

    [Fact]
    public void DropsAndCounts_WhatFindsTheQueueFull()
    {
        var world = new VirtualWorld(6) { Network = { Jitter = TimeSpan.Zero } };
        var answers = 0;
        DhtSnapshot? seen = null;

        world.Run(async () =>
        {
            await using var service = Start(world, 1, maxWaiting: 8);
            world.Network.Attach(EndPoint(2), (datagram, _) => answers += datagram.Span.EndsWith("1:y1:re"u8) ? 1 : 0);
            for (var i = 0; i < 20; i++) world.Network.Send("d1:ad2:id20:aaaaaaaaaaaaaaaaaaaae1:q4:ping1:t2:aa1:y1:qe"u8, EndPoint(2), EndPoint(1));
            await Task.Delay(TimeSpan.FromSeconds(1), world.Clock);
            seen = service.Snapshot;
        }, TimeSpan.FromMinutes(1));

        Assert.Equal(8, answers);
        Assert.Equal(12, seen!.Dropped);
        Assert.Equal(8, seen.Counters.QueriesReceived);
    }

    [Fact]
    public void IsBackWithinTwoSeconds_WhenEveryBootstrapIsGone()
    {
        var world = new VirtualWorld(6);
        var found = new List<FoundPeer>();
        var took = TimeSpan.MaxValue;

        world.Run(async () =>
        {
            var services = new List<DhtService>();
            for (var i = 1; i <= 12; i++)
            {
                services.Add(Start(world, i));
                if (i > 1) services[^1].AddBootstrap(services[0].LocalEndPoints[0]);
            }

            await services[3].AnnounceAsync(Key, 9000, isSeed: false, CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(30), world.Clock);
            var state = await services[11].SaveStateAsync(CancellationToken.None);
            await services[11].DisposeAsync();
            await services[0].DisposeAsync();

            var startedAt = world.Network.Now;
            await using var again = Start(world, 12, state);
            await again.FindPeersAsync(Key, found.Add, CancellationToken.None);
            took = world.Network.Now - startedAt;
            foreach (var service in services) await service.DisposeAsync();
        }, TimeSpan.FromMinutes(2));

        Assert.NotEmpty(found);
        Assert.True(took < TimeSpan.FromSeconds(2), $"{took}");
    }

    [Fact]
    public void RepeatsWhatEarlierRunAnnounced_OnlyWhenItIsDue()
    {
        var world = new VirtualWorld(7);
        var keys = Enumerable.Range(0, 200).Select(i => Hash160.Random(new Random(i))).ToArray();
        long after = -1, later = -1;

        world.Run(async () =>
        {
            await using var first = Start(world, 1);
            await using var second = Start(world, 2);
            second.AddBootstrap(first.LocalEndPoints[0]);
            byte[] state;
            await using (var announcer = Start(world, 3))
            {
                announcer.AddBootstrap(first.LocalEndPoints[0]);
                await announcer.AnnounceAsync(keys[0], 9000, isSeed: false, CancellationToken.None);
                announcer.Announce(keys, 9000, isSeed: false);
                await Task.Delay(TimeSpan.FromSeconds(20), world.Clock);
                state = await announcer.SaveStateAsync(CancellationToken.None);
            }

            await using var again = Start(world, 3, state);
            again.Announce(keys, 9000, isSeed: false);
            await Task.Delay(TimeSpan.FromSeconds(30), world.Clock);
            after = Announcements(again);
            await Task.Delay(TimeSpan.FromMinutes(20), world.Clock);
            later = Announcements(again);
        }, TimeSpan.FromMinutes(30));

        Assert.Equal(0, after);
        Assert.True(later >= 2 * keys.Length / 40, $"{later}");
    }

    [Fact]
    public void RemembersWhatEarlierRunAnnounced_ThoughItIsSavedBeforeThatIsAdded()
    {
        var world = new VirtualWorld(10);
        var keys = Enumerable.Range(0, 200).Select(i => Hash160.Random(new Random(i))).ToArray();
        var saved = new List<int>();
        long after = -1;

        world.Run(async () =>
        {
            await using var first = Start(world, 1);
            byte[] state;
            await using (var announcer = Start(world, 3))
            {
                announcer.AddBootstrap(first.LocalEndPoints[0]);
                announcer.Announce(keys, 9000, isSeed: false);
                await Task.Delay(TimeSpan.FromSeconds(20), world.Clock);
                state = await announcer.SaveStateAsync(CancellationToken.None);
            }

            await using (var idle = Start(world, 3, state))
            {
                await Task.Delay(TimeSpan.FromMinutes(1), world.Clock);
                state = await idle.SaveStateAsync(CancellationToken.None);
                saved.Add(Saved(state).Count(a => a.Age >= TimeSpan.FromMinutes(1)));
            }

            await using (var again = Start(world, 3, state))
            {
                again.Announce(keys, 9000, isSeed: false);
                saved.Add(Saved(await again.SaveStateAsync(CancellationToken.None)).Count);
                await Task.Delay(TimeSpan.FromSeconds(30), world.Clock);
                after = Announcements(again);
            }

            await using var late = Start(world, 3, state);
            await Task.Delay(TimeSpan.FromMinutes(15), world.Clock);
            saved.Add(Saved(await late.SaveStateAsync(CancellationToken.None)).Count);
        }, TimeSpan.FromMinutes(30));

        Assert.Equal([keys.Length, keys.Length, 0], saved);
        Assert.Equal(0, after);
    }

    private static IReadOnlyList<RememberedAnnouncement> Saved(byte[] state)
    {
        Assert.True(DhtState.TryRead(state, out var read));
        return read.Announcements;
    }

    [Fact]
    public void LooksUpFromBothFamilies_AndGivesEachItsOwnId()
    {
        var world = new VirtualWorld(8);

        world.Run(async () =>
        {
            await using var both = DhtService.Start(
                [new VirtualDatagramSocket(world.Network, EndPoint(1)), new VirtualDatagramSocket(world.Network, new NetEndPoint(IPAddress.Parse("fd00::1"), 8468))],
                new DhtOptions(), world.Clock, new Random(1), NullLogger.Instance);
            await using var v4 = Start(world, 2);
            await using var v6 = DhtService.Start(
                [new VirtualDatagramSocket(world.Network, new NetEndPoint(IPAddress.Parse("fd00::2"), 8468))], new DhtOptions(), world.Clock, new Random(2), NullLogger.Instance);
            v4.AddBootstrap(both.LocalEndPoints[0]);
            v6.AddBootstrap(both.LocalEndPoints[1]);
            await v4.AnnounceAsync(Key, 9004, isSeed: false, CancellationToken.None);
            await v6.AnnounceAsync(Key, 9006, isSeed: false, CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(1), world.Clock);

            var found = new List<FoundPeer>();
            await both.FindPeersAsync(Key, found.Add, CancellationToken.None);

            Assert.Equal([9004, 9006], found.Select(p => p.EndPoint.Port).Distinct().Order());
            Assert.Equal(2, both.Snapshot.Nodes.Select(n => n.Id).Distinct().Count());
        }, TimeSpan.FromMinutes(1));
    }

    [Theory]
    [InlineData("8.8.8.1", "8.8.4.4", true)]
    [InlineData("8.8.8.1", "10.0.0.9", false)]
    [InlineData("8.8.8.1", "127.0.0.1", false)]
    [InlineData("10.0.0.1", "10.0.0.9", true)]
    [InlineData("127.0.0.1", "127.0.0.9", true)]
    [InlineData("0.0.0.0", "10.0.0.9", false)]
    public void ContactsWhatFileNames_OnlyIfItReachesAsFar(string own, string named, bool contacts)
    {
        var world = new VirtualWorld(9);
        var asked = 0;

        world.Run(async () =>
        {
            world.Network.Attach(new NetEndPoint(IPAddress.Parse(named), 1), (_, _) => asked++);
            world.Network.Attach(new NetEndPoint(IPAddress.Parse(named), 2), (_, _) => asked++);
            await using var service = DhtService.Start(
                [new VirtualDatagramSocket(world.Network, new NetEndPoint(IPAddress.Parse(own), 8468))],
                new DhtOptions { Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(named)]) }, world.Clock, new Random(1), NullLogger.Instance);
            service.AddContact(named, 1);
            service.AddContact("node.example", 2);
            await Task.Delay(TimeSpan.FromSeconds(1), world.Clock);
        }, TimeSpan.FromSeconds(10));

        Assert.Equal(contacts, asked >= 2);
        Assert.Equal(contacts, asked > 0);
    }

    private static long Announcements(DhtService service)
    {
        var queries = service.Snapshot.Queries;
        return queries["announce_peer"].Sent + queries["announce_peers"].Sent;
    }

    private static DhtService Start(VirtualWorld world, int number, byte[]? state = null, int maxWaiting = 4096) => DhtService.Start(
        [new VirtualDatagramSocket(world.Network, EndPoint(number))],
        new DhtOptions { SavedState = state, MaxWaitingDatagrams = maxWaiting, Resolve = (_, _) => Task.FromResult<IPAddress[]>([EndPoint(2).Address]) },
        world.Clock,
        new Random(world.Network.Random.Next()),
        NullLogger.Instance);

    private static NetEndPoint EndPoint(int number) => new(new IPAddress([10, 0, 0, (byte)number]), 8468);
}
