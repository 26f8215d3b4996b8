using Shoal.Engine.Limits;
using Xunit;

namespace Shoal.Unit.Engine;

/// <summary>What limits let go, in virtual time: never more than their rates, to the byte, and never less while somebody asks. <see cref="LimitedWorld"/> checks the bursts.</summary>
public sealed class RateLimiterRateTests
{
    private const int Block = 16 * 1024;
    private const int Run = 512 * 1024;
    private static readonly long[] Rates = [100_000, 1_000_000, 20_000_000, 100_000_000, 400_000_000, 1_000_000_000];
    private static readonly TimeSpan Fine = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Coarse = TimeSpan.FromTicks(156_250); // 15.625 ms, as on Windows

    public static TheoryData<long, int, bool> Flows
    {
        get
        {
            var flows = new TheoryData<long, int, bool>();
            foreach (var rate in Rates)
            {
                foreach (var peers in (int[])[1, 4, 50])
                {
                    flows.Add(rate, peers, false);
                    flows.Add(rate, peers, true);
                }
            }

            return flows;
        }
    }

    [Theory]
    [MemberData(nameof(Flows))]
    public void GivesItsRate_ToEveryPeerAsMuch(long rate, int peers, bool isCoarse)
    {
        var grain = isCoarse ? Coarse : Fine;
        using var world = new LimitedWorld(grain);
        var whole = world.Whole(rate);
        var consumers = Enumerable.Range(0, peers).Select(_ => world.Connect(whole, Run)).ToList();

        world.Run(TimeSpan.FromSeconds(10), Fine);

        var lag = rate * (isCoarse ? 0.016 : 0.006) + Block * 2; // what accrued since the last beat, and a rest that is no grant
        Assert.InRange(world.Of(whole), rate * 10.0 - lag, rate * 10.0);
        Assert.InRange(consumers.Max(c => c.Total) - consumers.Min(c => c.Total), 0, rate * 10.0 / peers * 0.1 + Block);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(20_000_000)]
    [InlineData(1_000_000_000)]
    public void LosesLessThanAPercent_WhenTheMachineIsLate(long rate)
    {
        using var world = new LimitedWorld(Coarse);
        var whole = world.Whole(rate);
        for (var i = 0; i < 3; i++) world.Connect(whole, Run);
        var random = new Random(1);
        var ran = 0;

        for (; ran < 20_000; ran++)
        {
            var late = random.Next(1, 60);
            world.RunLate(TimeSpan.FromMilliseconds(late));
            ran += late - 1;
        }

        Assert.InRange(world.Of(whole), rate * (ran / 1000.0 - 0.1) * 0.99, rate * (ran / 1000.0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void IsSlow_AndDoesNotStop(long rate)
    {
        using var world = new LimitedWorld(Fine);
        var whole = world.Whole(rate);
        world.Connect(whole, Run);

        world.Run(TimeSpan.FromSeconds(60), Fine);

        Assert.InRange(world.Of(whole), rate * 59, rate * 60);
    }

    [Theory]
    [InlineData(Block, Run, 0.45)] // one block at a time
    [InlineData(2 * Block, 16 * Block, 0.95)] // the reader of a new connection, and of one that has grown its buffer
    [InlineData(4 * Block, Run, 0.95)]
    public void WhoAsksForMuchAtATime_DoesNotCrowdOutOthers(int little, int much, double atLeast)
    {
        foreach (var rate in Rates)
        {
            using var world = new LimitedWorld(Fine);
            var whole = world.Whole(rate);
            List<LimitedWorld.Consumer> modest = [world.Connect(whole, little), world.Connect(whole, little)], greedy = [world.Connect(whole, much), world.Connect(whole, much)];

            world.Run(TimeSpan.FromSeconds(5), Fine);

            Assert.True(modest.Min(c => c.Total) > greedy.Max(c => c.Total) * atLeast, $"at {rate}: {modest.Min(c => c.Total)} and {greedy.Max(c => c.Total)}");
        }
    }

    [Fact]
    public void ATorrentKeepsToItsOwn_AndOthersGetTheRest()
    {
        foreach (var rate in Rates)
        {
            using var world = new LimitedWorld(Coarse);
            var whole = world.Whole(rate);
            var (held, free) = (world.Torrent(rate / 5), world.Torrent(0));
            for (var i = 0; i < 30; i++) world.Connect(held, Run);
            var one = world.Connect(free, Run);

            world.Run(TimeSpan.FromSeconds(10), Fine);

            Assert.InRange(world.Of(whole), rate * 10 * 0.99, rate * 10.0);
            Assert.InRange(world.Of(held), rate * 2 * 0.98, rate * 2.0);
            Assert.InRange(one.Total, rate * 8 * 0.98, rate * 8 * 1.02);
        }
    }

    [Fact]
    public void TheNarrowerLimitHolds()
    {
        using var world = new LimitedWorld(Fine);
        var whole = world.Whole(1_000_000);
        var wide = world.Torrent(5_000_000);
        world.Connect(wide, Run);
        Assert.Equal(1_000_000, wide.Narrowest);

        world.Run(TimeSpan.FromSeconds(10), Fine);

        Assert.InRange(world.Of(wide), 9_900_000, 10_000_000);
        whole.BytesPerSecond = 0;
        world.Drain();
        Assert.Equal(5_000_000, wide.Narrowest);
        world.Run(TimeSpan.FromSeconds(10), Fine);
        Assert.InRange(world.Of(wide), 59_900_000, 60_500_000); // its own had 100 ms to spare
    }

    /// <summary>Any limits, any wants: no limit gives more than it may, and all is given that the limits allow.</summary>
    [Fact]
    public void GivesAllThatMayGo_WhateverTheLimits()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            long Rate() => random.Next(4) == 0 ? 0 : (long)Math.Pow(10, 5 + random.NextDouble() * 4);
            using var world = new LimitedWorld(random.Next(2) == 0 ? Fine : Coarse);
            var whole = world.Whole((long)Math.Pow(10, 5 + random.NextDouble() * 4));
            var torrents = Enumerable.Range(0, random.Next(1, 6)).Select(_ => world.Torrent(Rate())).ToList();
            foreach (var torrent in torrents)
            {
                for (var i = random.Next(1, 12); i > 0; i--) world.Connect(torrent, random.Next(1, 33) * Block);
            }

            world.Run(TimeSpan.FromSeconds(3), Fine);

            var allowed = torrents.Any(t => t.BytesPerSecond == 0) ? whole.BytesPerSecond : Math.Min(whole.BytesPerSecond, torrents.Sum(t => t.BytesPerSecond));
            Assert.True(world.Of(whole) >= allowed * 3 * 0.97 - Block * 2, $"seed {seed}: {world.Of(whole)} of {allowed * 3}");
            Assert.True(world.Of(whole) <= whole.BytesPerSecond * 3);
            Assert.All(torrents.Where(t => t.BytesPerSecond > 0), t => Assert.True(world.Of(t) <= t.BytesPerSecond * 3));
        }
    }

    [Fact]
    public void ChangesAtOnce()
    {
        using var world = new LimitedWorld(Fine);
        var whole = world.Whole(0);
        var torrent = world.Torrent(10_000_000);
        world.Connect(torrent, Run);
        world.Run(TimeSpan.FromSeconds(1), Fine);
        var before = world.Of(torrent);

        torrent.BytesPerSecond = 1_000_000;
        world.Run(TimeSpan.FromSeconds(10), Fine);
        Assert.InRange(world.Of(torrent) - before, 9_900_000, 10_100_000);

        before = world.Of(torrent);
        whole.BytesPerSecond = 200_000; // begins empty
        world.Run(TimeSpan.FromSeconds(10), Fine);
        Assert.InRange(world.Of(torrent) - before, 1_980_000, 2_000_000);

        before = world.Of(torrent);
        whole.BytesPerSecond = 0;
        torrent.BytesPerSecond = 50_000_000;
        world.Drain();
        world.Run(TimeSpan.FromSeconds(10), Fine);
        Assert.InRange(world.Of(torrent) - before, 499_000_000, 500_100_000);
    }

    [Fact]
    public void AfterARest_ATenthOfASecondGoesAtOnce_AndNoMore()
    {
        foreach (var rate in Rates)
        {
            using var world = new LimitedWorld(Fine);
            var whole = world.Whole(rate);
            world.Idle(TimeSpan.FromMinutes(1));
            world.Connect(whole, Run);
            world.Connect(whole, Run);

            world.Drain();

            Assert.InRange(world.Of(whole), rate * 0.1 - Block, rate * 0.1);
        }
    }
}
