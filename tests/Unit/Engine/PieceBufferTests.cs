using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Buffers;
using Shoal.Engine.Picking;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class PieceBufferTests
{
    private const int Block = 16 * 1024;

    [Fact]
    public void LeasesWithinItsBudget()
    {
        var pool = new PieceBufferPool(4 * Block);

        for (var i = 0; i < 4; i++) Assert.True(pool.TryLease(Block, i, out _));

        Assert.False(pool.TryLease(1, 4, out _));
        Assert.Equal(4 * Block, pool.Leased);
    }

    [Fact]
    public void AlwaysLeasesTwo_AndOneToWhoHasNone()
    {
        var pool = new PieceBufferPool(Block);

        Assert.True(pool.TryLease(4 * Block, 0, out _));
        Assert.True(pool.TryLease(4 * Block, 1, out _));
        Assert.False(pool.TryLease(4 * Block, 2, out _));
        Assert.True(pool.TryLease(4 * Block, 0, out _));
    }

    [Fact]
    public void CountsATinyPieceAsABlock_ButTakesWhatItNeeds()
    {
        var pool = new PieceBufferPool(4 * Block);

        pool.TryLease(4096, 0, out var buffer);

        Assert.Equal(Block, pool.Leased);
        Assert.Equal(4096, buffer.Bytes.Length);
        buffer.Release();
        Assert.Equal(0, pool.Leased);
        pool.TryLease(4000, 0, out var next);
        Assert.Same(buffer.Bytes, next.Bytes);
    }

    [Fact]
    public void TakesMemoryBackOnlyWhenTheLastLetsGo()
    {
        var pool = new PieceBufferPool(Block);
        pool.TryLease(Block, 0, out var buffer);
        buffer.AddReference();

        buffer.Release();
        Assert.Equal(Block, pool.Leased);
        buffer.Release();

        Assert.Equal(0, pool.Leased);
        pool.TryLease(Block, 0, out var next);
        Assert.Same(buffer.Bytes, next.Bytes);
    }

    [Fact]
    public async Task LetsOneOfManyFillABlock()
    {
        var pool = new PieceBufferPool(64 * Block);
        pool.TryLease(64 * Block, 0, out var buffer);

        var claims = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 64).Count(buffer.TryClaim))));

        Assert.Equal(64, claims.Sum());
    }

    [Fact]
    public void CountsBlocksThatAreFreeAskedAndReceived()
    {
        new PieceBufferPool(Block).TryLease(3 * Block, 0, out var buffer);
        var piece = new OpenPiece(new PieceIndex(0), buffer, 3);
        var (one, other) = (new PeerKey(1), new PeerKey(2));

        Assert.True(piece.TryTakeFree(one, out var first));
        Assert.True(piece.TryTakeFree(one, out var second));
        piece.Ask(other, second);
        piece.GiveUp(one, second);
        Assert.Equal((1, 0), (piece.Free, piece.Received));
        piece.GiveUp(other, second);
        Assert.Equal(2, piece.Free);
        piece.Lapse(first);
        Assert.Equal(3, piece.Free);
        piece.Receive(one, first);
        piece.Receive(other, first);
        Assert.Equal((2, 1), (piece.Free, piece.Received));
        Assert.Equal([one], piece.Givers());

        piece.Discard(first);

        Assert.Equal((3, 0), (piece.Free, piece.Received));
    }
}
