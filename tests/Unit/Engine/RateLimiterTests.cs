using Microsoft.Extensions.Time.Testing;
using Shoal.Engine.Limits;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class RateLimiterTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task GrantsEverything_WithoutALimit()
    {
        using var limiter = new RateLimiter(0, _clock);

        Assert.Equal(int.MaxValue, await limiter.TakeAsync(int.MaxValue));
        Assert.Equal(int.MaxValue, await new RateLimiter(0, limiter).TakeAsync(int.MaxValue));
        Assert.False(limiter.IsLimited);
    }

    [Fact]
    public async Task LetsGo_WhoGivesUpAndWhoWaitsAtTheEnd()
    {
        using var limiter = new RateLimiter(1000, _clock);
        using var impatience = new CancellationTokenSource();
        var impatient = limiter.TakeAsync(100, impatience.Token).AsTask();
        var patient = limiter.TakeAsync(100).AsTask();

        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        Assert.False(patient.IsCompleted);
        limiter.Dispose();

        Assert.Equal(100, await patient);
        Assert.Equal(100, await limiter.TakeAsync(100));
    }

    [Fact]
    public async Task WhoGaveUpBefore_GetsNothing_AndHoldsNobodyBack()
    {
        using var whole = new RateLimiter(80_000, _clock);
        var torrent = new RateLimiter(8000, whole);
        for (var i = 0; i < 3; i++) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => torrent.TakeAsync(100, new CancellationToken(canceled: true)).AsTask());

        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(100, await torrent.TakeAsync(100));
        Assert.Equal(1000, await whole.TakeAsync(5000));
    }

    [Fact]
    public async Task LiftingALimit_LetsEverybodyGo()
    {
        using var whole = new RateLimiter(0, _clock);
        var torrent = new RateLimiter(1, whole);
        var waiting = torrent.TakeAsync(1_000_000).AsTask();
        Assert.False(waiting.IsCompleted);

        torrent.BytesPerSecond = 0;

        Assert.Equal(1_000_000, await waiting);
        Assert.Throws<ArgumentOutOfRangeException>(() => torrent.BytesPerSecond = -1);
    }

    [Fact]
    public async Task TakesBackWhatWasNotUsed()
    {
        using var whole = new RateLimiter(80_000, _clock);
        var torrent = new RateLimiter(80_000, whole);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var first = await torrent.TakeAsync(1000);

        torrent.Charge(-first);

        Assert.Equal(8000, await TakeAllAsync(torrent));
        Assert.Equal(0, await TakeAllAsync(whole));
    }

    [Fact]
    public async Task WhatWentUnasked_IsMadeUpFor()
    {
        using var limiter = new RateLimiter(80_000, _clock);

        limiter.Charge(40_000); // datagrams of the DHT
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(0, await TakeAllAsync(limiter));
        _clock.Advance(TimeSpan.FromSeconds(0.0625));

        Assert.Equal(5000, await TakeAllAsync(limiter));
    }

    [Fact]
    public void WaitingAllocatesNothing()
    {
        using var whole = new RateLimiter(1_000_000, _clock);
        var torrent = new RateLimiter(1_000_000, whole);
        using var closing = new CancellationTokenSource();
        var stuck = new RateLimiter(1, whole); // keeps the timer going, since starting that of a test allocates
        stuck.Charge(1_000_000);
        Assert.False(stuck.TakeAsync(1).AsTask().IsCompleted);
        for (var i = 0; i < 10; i++) WaitOnce(torrent, closing.Token);
        var allocated = 0L;

        for (var i = 0; i < 100; i++) allocated += WaitOnce(torrent, closing.Token);

        Assert.Equal(0, allocated);
    }

    /// <returns>Bytes that were allocated to wait and to be let go.</returns>
    private long WaitOnce(RateLimiter limiter, CancellationToken ct)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
#pragma warning disable CA2012 // taken once, when it is completed
        var waiting = limiter.TakeAsync(100_000, ct);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        while (!waiting.IsCompleted) _clock.Advance(TimeSpan.FromMilliseconds(5)); // which allocates itself
        before = GC.GetAllocatedBytesForCurrentThread();
        waiting.GetAwaiter().GetResult();
#pragma warning restore CA2012
        return allocated + GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>All that can be had at once.</summary>
    private static async Task<int> TakeAllAsync(RateLimiter limiter)
    {
        using var enough = new CancellationTokenSource();
        var taken = 0;
        while (limiter.TakeAsync(1000, enough.Token).AsTask() is var grant)
        {
            if (!grant.IsCompleted)
            {
                await enough.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grant);
                break;
            }

            taken += await grant;
        }

        return taken;
    }
}
