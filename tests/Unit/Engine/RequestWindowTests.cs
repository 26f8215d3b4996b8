using Shoal.Engine.Picking;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class RequestWindowTests
{
    private const int Block = 16 * 1024;

    [Fact]
    public void GrowsUntilItFillsALongFatPath()
    {
        var window = Run(bytesPerSecond: 125_000_000, roundTrip: 0.2, seconds: 5, queue: 4096);

        Assert.InRange(window.Size, (int)(125_000_000 * 0.2 / Block), 2048);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    [InlineData(5_000_000)]
    public void PromisesASlowPeerLittle(int rate)
    {
        var window = Run(rate, roundTrip: 0.02, seconds: 10, queue: 2048);

        Assert.InRange((window.Size - 4) * (double)Block / rate, 0, 0.5);
    }

    [Theory]
    [InlineData(0, 250)]
    [InlineData(1, 1)]
    [InlineData(100, 100)]
    [InlineData(int.MaxValue, 2048)]
    public void NeverAsksMoreThanThePeerKeeps(int queue, int most) => Assert.InRange(Run(1_000_000_000, 0.1, 3, queue).Size, 1, most);

    [Fact]
    public void ShrinksAgain_WhenThePeerGetsSlower()
    {
        var window = Run(20_000_000, 0.02, 5, 2048);
        var before = window.Size;

        Run(window, 500_000, 0.02, from: 5, to: 15);

        Assert.True(window.Size < before / 5);
    }

    [Fact]
    public void AsksForOneBlock_AfterAPeerStalled_AndRecovers()
    {
        var window = Run(5_000_000, 0.02, 3, 2048);
        window.Collapse();
        Assert.Equal(1, window.Size);

        Run(window, 5_000_000, 0.02, from: 3, to: 6);

        Assert.True(window.Size > 30);
    }

    private static RequestWindow Run(double bytesPerSecond, double roundTrip, double seconds, int queue)
    {
        var window = new RequestWindow();
        window.Limit(queue);
        window.OnRoundTrip(TimeSpan.FromSeconds(roundTrip));
        Run(window, bytesPerSecond, roundTrip, 0, seconds);
        return window;
    }

    /// <summary>A peer that gives as fast as it can, but never more than a window in a round trip.</summary>
    private static void Run(RequestWindow window, double bytesPerSecond, double roundTrip, double from, double to)
    {
        var credit = 0.0;
        for (var now = from; now < to; now += 0.1)
        {
            credit += Math.Min(bytesPerSecond * 0.1, window.Size * Block * 0.1 / roundTrip);
            var blocks = (int)(credit / Block);
            credit -= blocks * (double)Block;
            if (blocks > 0) window.OnReceived(blocks, blocks * Block);
            window.Tick(TimeSpan.FromSeconds(now), isFull: true);
        }
    }
}
