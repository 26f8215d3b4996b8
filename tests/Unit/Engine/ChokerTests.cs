using Shoal.Engine;
using Shoal.Engine.Peers;
using Xunit;

namespace Shoal.Unit.Engine;

/// <summary>Rounds of slots. Two by merit and one on trial, unless a test says otherwise.</summary>
public sealed class ChokerTests
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(10);

    private readonly SwarmOptions _options = new() { UploadSlots = 2, LeastUploadSlots = 2, MostUploadSlots = 2 };
    private readonly List<Peer> _peers = [];
    private TimeSpan _now = TimeSpan.FromMinutes(10);
    private Choker? _choker;

    private Peer Add(TimeSpan connectedAt = default)
    {
        var peer = Drawn.Peer(_peers.Count + 1, "x...", connectedAt: connectedAt);
        _peers.Add(peer);
        return peer;
    }

    /// <summary>One round after another: each peer gives what it is said to, and takes slots as they fall.</summary>
    private void Pass(int rounds, bool isSeeding = false, params (Peer Peer, int Bytes)[] gives)
    {
        _choker ??= new Choker(_options, new Random(1));
        for (var i = 0; i < rounds; i++)
        {
            foreach (var (peer, bytes) in gives) Drawn.Give(peer, bytes);
            foreach (var (peer, choke) in _choker.Decide(_peers, isSeeding, _now))
            {
                peer.AmChoking = choke;
                if (!choke) peer.UnchokedAt = _now;
            }

            _now += Round;
        }
    }

    private Peer[] Unchoked => [.. _peers.Where(p => !p.AmChoking)];

    [Fact]
    public void GivesToThoseWhoGiveMost()
    {
        Peer poor = Add(), rich = Add(), good = Add(), free = Add();

        Pass(1, false, (poor, 10_000), (rich, 90_000), (good, 50_000));

        Assert.Contains(rich, Unchoked);
        Assert.Contains(good, Unchoked);
        Assert.Equal(3, Unchoked.Length);
        Assert.True(Unchoked.Contains(poor) != Unchoked.Contains(free)); // one on trial
    }

    [Fact]
    public void RemembersWhoPaused()
    {
        Peer steady = Add(), paused = Add();
        for (var i = 0; i < 20; i++) Add();
        Pass(3, false, (steady, 100_000), (paused, 100_000));

        Pass(1, false, (steady, 100_000));

        Assert.Contains(paused, Unchoked);
    }

    [Fact]
    public void TakesTheSlotOfWhoOwesAndDoesNotSend()
    {
        Peer first = Add(), second = Add(), third = Add();
        for (var i = 0; i < 50; i++) Add();
        Pass(1, false, (first, 90_000), (second, 80_000), (third, 10_000));

        first.IsSnubbed = true;
        Pass(1, false, (second, 80_000), (third, 10_000));

        Assert.DoesNotContain(first, Unchoked);
        Assert.Contains(second, Unchoked);
        Assert.Contains(third, Unchoked);
    }

    [Fact]
    public void LetsEverybodyTry()
    {
        var free = Enumerable.Range(0, 6).Select(_ => Add()).ToList();
        var tried = new HashSet<Peer>();

        for (var i = 0; i < 120; i++)
        {
            Pass(1);
            tried.UnionWith(Unchoked);
            Assert.Equal(3, Unchoked.Length);
        }

        Assert.Equal(free.ToHashSet(), tried);
    }

    [Fact]
    public void TriesNewcomersThreeTimesAsOften()
    {
        var (old, young) = (0, 0);
        for (var seed = 0; seed < 400; seed++)
        {
            _peers.Clear();
            _now = TimeSpan.FromMinutes(10);
            _choker = new Choker(_options with { UploadSlots = 0, LeastUploadSlots = 0, MostUploadSlots = 0 }, new Random(seed));
            for (var i = 0; i < 10; i++) Add(i < 5 ? TimeSpan.Zero : _now);
            Pass(1);
            if (Unchoked.Single().ConnectedAt == TimeSpan.Zero) old++;
            else young++;
        }

        Assert.InRange(young, old * 2, old * 4);
    }

    [Fact]
    public void LeavesATrialTime()
    {
        for (var i = 0; i < 20; i++) Add();
        Pass(1);
        var tried = Unchoked;

        Pass(2);

        Assert.Equal(tried, Unchoked);
    }

    [Fact]
    public void SeedsTurnByTurn()
    {
        for (var i = 0; i < 12; i++) Add();
        var served = new HashSet<Peer>();

        for (var i = 0; i < 24; i++)
        {
            Pass(1, isSeeding: true);
            served.UnionWith(Unchoked);
            Assert.Equal(3, Unchoked.Length);
        }

        Assert.Equal(12, served.Count);
    }

    [Fact]
    public void SeedsToTheFastest_WhenToldTo()
    {
        _choker = new Choker(_options with { SeedsToTheFastest = true }, new Random(1));
        for (var i = 0; i < 12; i++) Add();
        Pass(1, isSeeding: true);
        var (slow, fast) = (_peers[0], _peers[11]);

        for (var i = 0; i < 10; i++)
        {
            fast.Upload.Add(1_000_000);
            slow.Upload.Add(1_000);
            Pass(1, isSeeding: true);
        }

        Assert.Contains(fast, Unchoked);
    }

    [Fact]
    public void GivesNoSlotToWhoHasEverything()
    {
        var seed = Drawn.Peer(1);
        _peers.Add(seed);

        Pass(2);

        Assert.True(seed.AmChoking);
    }

    [Theory]
    [InlineData(0, 100_000, 2, 2, 10)] // each new one adds as much: up to the bound
    [InlineData(400_000, 0, 4, 4, 5)] // full already: one more is tried and taken back
    [InlineData(4_000, 0, 4, 4, 4)] // spread too thin: as few as may be
    public void SlotsFollowTheUplink(double rate, double perSlot, int start, int least, int most)
    {
        var slots = new UploadSlots(start, Math.Min(start, least), 10);
        var seen = new List<int>();

        for (var i = 0; i < 60; i++)
        {
            slots.Next(rate + perSlot * slots.Count, wanting: 50);
            seen.Add(slots.Count);
        }

        Assert.Equal(most, seen.Max());
        if (perSlot == 0) Assert.InRange(seen.Average(), least, least + 0.3);
        else Assert.Equal(10, seen[^1]);
    }

    [Fact]
    public void SlotsAreAsManyAsBefore_WhenFewWant()
    {
        var slots = new UploadSlots(8, 4, 32);

        for (var i = 0; i < 20; i++) slots.Next(1_000_000 * (i + 1), wanting: 5);

        Assert.Equal(8, slots.Count);
    }
}
