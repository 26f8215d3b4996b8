using CsCheck;
using Shoal.Core;
using Shoal.Dht.Sockets;
using Xunit;

namespace Shoal.Unit.Dht.Sockets;

public sealed class DatagramBatchTests
{
    private static readonly NetEndPoint Local = new([127, 0, 0, 1], 1);

    [Fact]
    public void GivesBackWhatWasAdded() => Gen.Byte.Array[0, DatagramBatch.MaxLength].Array[0, 20].Sample(datagrams =>
    {
        var batch = new DatagramBatch(20);

        for (var i = 0; i < datagrams.Length; i++) Assert.True(batch.TryAdd(datagrams[i], Remote(i), Local));

        AssertHolds(batch, datagrams);
        Assert.Equal(20 - datagrams.Length, batch.Room);
        Assert.Equal(datagrams.Sum(d => d.Length), batch.Length);
    });

    [Fact]
    public void TakesFromAnotherWhatFindsRoom() => Gen.Select(Gen.Byte.Array[0, 100].Array[0, 20], Gen.Int[0, 20]).Sample((datagrams, before) =>
    {
        var batch = new DatagramBatch(20);
        var other = new DatagramBatch(40);
        for (var i = 0; i < before; i++) batch.TryAdd([(byte)i], Remote(i), Local);
        for (var i = 0; i < datagrams.Length; i++) other.TryAdd(datagrams[i], Remote(before + i), Local);

        var taken = batch.Add(other);

        Assert.Equal(Math.Min(20 - before, datagrams.Length), taken);
        AssertHolds(batch, [.. Enumerable.Range(0, before).Select(i => new[] { (byte)i }), .. datagrams.Take(taken)]);
    });

    [Fact]
    public void RefusesDatagram_WhenFull()
    {
        var batch = new DatagramBatch(1);

        Assert.True(batch.TryAdd([1], Remote(0), Local));
        Assert.False(batch.TryAdd([2], Remote(1), Local));

        AssertHolds(batch, [[1]]);
    }

    [Fact]
    public void RefusesDatagram_WhenItIsTooLong()
    {
        var batch = new DatagramBatch(1);

        Assert.False(batch.TryAdd(new byte[DatagramBatch.MaxLength + 1], Remote(0), Local));
        Assert.True(batch.TryAdd(new byte[DatagramBatch.MaxLength], Remote(0), Local));
    }

    [Fact]
    public void StartsAnew_WhenCleared()
    {
        var batch = new DatagramBatch(2);
        batch.TryAdd([1, 2, 3], Remote(0), Local);

        batch.Clear();
        batch.TryAdd([4], Remote(0), Local);

        AssertHolds(batch, [[4]]);
        Assert.Equal(1, batch.Length);
    }

    private static NetEndPoint Remote(int number) => new([10, 0, 0, 1], number + 1);

    private static void AssertHolds(DatagramBatch batch, byte[][] datagrams)
    {
        Assert.Equal(datagrams.Length, batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            Assert.Equal(datagrams[i], batch[i]);
            Assert.Equal(Remote(i), batch.Remote(i));
            Assert.Equal(Local, batch.Local(i));
        }
    }
}
