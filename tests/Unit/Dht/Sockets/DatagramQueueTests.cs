using Shoal.Core;
using Shoal.Dht.Sockets;
using Xunit;

namespace Shoal.Unit.Dht.Sockets;

public sealed class DatagramQueueTests
{
    private static readonly NetEndPoint Anyone = new([10, 0, 0, 1], 1);

    private readonly DatagramQueue _queue = new(4);

    [Fact]
    public void SaysWhenTheLoopMustBeTold()
    {
        _queue.Add(Batch(1), out var first);
        _queue.Add(Batch(1), out var second);
        _queue.Take();
        _queue.Add(Batch(1), out var third);

        Assert.Equal((true, false, true), (first, second, third));
    }

    [Fact]
    public void TakesNoMoreThanMayWait()
    {
        Assert.Equal(3, _queue.Add(Batch(3), out _));
        Assert.Equal(1, _queue.Add(Batch(3), out _));
        Assert.Equal(0, _queue.Add(Batch(3), out _));

        Assert.Equal(4, _queue.Take().Count);
    }

    [Fact]
    public void LeavesAloneWhatWasTaken_WhileMoreArrives()
    {
        _queue.Add(Batch(3), out _);

        var taken = _queue.Take();
        _queue.Add(Batch(4), out _);

        Assert.Equal(3, taken.Count);
        Assert.Equal(4, _queue.Take().Count);
        Assert.Equal(0, _queue.Take().Count);
    }

    [Fact]
    public void ForgetsWhatWaits_WhenDropped()
    {
        _queue.Add(Batch(3), out _);

        Assert.Equal(3, _queue.Drop());
        _queue.Add(Batch(1), out var isToBeTold);

        Assert.True(isToBeTold);
        Assert.Equal(1, _queue.Take().Count);
    }

    private static DatagramBatch Batch(int count)
    {
        var batch = new DatagramBatch(count);
        for (var i = 0; i < count; i++) batch.TryAdd([(byte)i], Anyone, Anyone);
        return batch;
    }
}
