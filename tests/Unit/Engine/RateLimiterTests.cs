using Microsoft.Extensions.Time.Testing;
using Shoal.Engine.Limits;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class RateLimiterTests
{
    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData(100_000)]
    [InlineData(5_000_000)]
    [InlineData(1_000_000_000)]
    public async Task GrantsItsRate_NoMoreAndNoLess(long rate)
    {
        using var limiter = new RateLimiter(rate, _clock);

        var taken = await ConsumeAsync(limiter, TimeSpan.FromSeconds(5), [128 * 1024, 128 * 1024, 128 * 1024]);

        Assert.InRange(taken.Sum(), rate * 5 * 0.95, rate * 5 * 1.05);
    }

    [Fact]
    public async Task NeverGrantsMoreThanATenthOfASecondAtOnce()
    {
        using var limiter = new RateLimiter(1_000_000, _clock);
        _clock.Advance(TimeSpan.FromMinutes(1));

        var taken = 0;
        while (limiter.TakeAsync(1_000_000).AsTask() is { IsCompleted: true } grant) taken += await grant;

        Assert.InRange(taken, 85_000, 100_000);
    }

    [Fact]
    public async Task ServesThoseWhoWaitInTurn()
    {
        using var limiter = new RateLimiter(100_000, _clock);

        var taken = await ConsumeAsync(limiter, TimeSpan.FromSeconds(3), [1 << 20, 16_384, 16_384, 16_384]);

        Assert.InRange(taken.Max() - taken.Min(), 0, taken.Max() / 5);
    }

    [Fact]
    public async Task GrantsEverything_WithoutALimit()
    {
        using var limiter = new RateLimiter(0, _clock);

        Assert.Equal(int.MaxValue, await limiter.TakeAsync(int.MaxValue));
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
    }

    [Fact]
    public async Task TakesBackWhatWasNotUsed()
    {
        using var limiter = new RateLimiter(80_000, _clock);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var first = await limiter.TakeAsync(1000);

        limiter.Charge(-first);

        var taken = 0;
        while (limiter.TakeAsync(1000).AsTask() is { IsCompleted: true } grant) taken += await grant;
        Assert.Equal(8000, taken);
    }

    /// <summary>Consumers that take what they can get, each one grant after the other.</summary>
    private async Task<long[]> ConsumeAsync(RateLimiter limiter, TimeSpan time, int[] wants)
    {
        var taken = new long[wants.Length];
        var pending = wants.Select(w => limiter.TakeAsync(w).AsTask()).ToArray();
        for (var end = _clock.GetUtcNow() + time; _clock.GetUtcNow() < end; _clock.Advance(TimeSpan.FromMilliseconds(5)))
        {
            while (Array.FindIndex(pending, p => p.IsCompleted) is >= 0 and var who)
            {
                taken[who] += await pending[who];
                pending[who] = limiter.TakeAsync(wants[who]).AsTask();
            }
        }

        return taken;
    }
}
