using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Buffers;
using Shoal.Engine.Peers;
using Shoal.Engine.Picking;
using Xunit;

namespace Shoal.Unit.Engine;

/// <summary>Who works on whose piece: pieces are of 1 MiB, 64 blocks, so 100 kB/s is slow and 1 MB/s is not.</summary>
public sealed class SharingTests
{
    private const int PieceLength = 1 << 20, Slow = 50, Slower = 20, Fast = 2000;
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(1);

    private readonly Dictionary<PeerKey, Peer> _peers = [];
    private readonly PieceBufferPool _buffers = new(1 << 28);
    private readonly TorrentGeometry _geometry = TorrentGeometry.TryCreate(PieceLength, [8L * PieceLength], out var g) ? g : null!;

    private Peer Add(int kB, string? has = null)
    {
        var peer = Drawn.Peer(_peers.Count + 1, has, kB);
        return _peers[peer.Key] = peer;
    }

    private OpenPiece Piece(int index, Peer owner, int asked = 4)
    {
        Assert.True(_buffers.TryLease(PieceLength, 0, out var buffer));
        var piece = new OpenPiece(new PieceIndex(index), buffer, 64) { Owner = owner.Key };
        for (var i = 0; i < asked; i++)
        {
            Assert.True(piece.TryTakeFree(owner.Key, out var block));
            owner.Owed.AddLast(new OwedBlock(piece.Index, block, Now, false));
        }

        return piece;
    }

    private OpenPiece? Find(Peer peer, params OpenPiece[] open) => new Helping(_peers, _geometry).Find(peer, open);

    [Fact]
    public void SlowPeersShareTheirPieces()
    {
        var (slow, slower) = (Add(Slow), Add(Slower));
        var piece = Piece(0, slower);

        Assert.Same(piece, Find(slow, piece));
    }

    [Fact]
    public void OfSeveralTheOneNearestToItsEndIsShared()
    {
        var (slow, other, third) = (Add(Slow), Add(Slow), Add(Slow));
        OpenPiece early = Piece(0, other, asked: 4), late = Piece(1, third, asked: 50);

        Assert.Same(late, Find(slow, early, late));
    }

    [Fact]
    public void FastPeersGiveWholePieces()
    {
        var (fast, other, slow) = (Add(Fast), Add(Fast), Add(Slow));
        var piece = Piece(0, other);

        Assert.Null(Find(fast, piece));
        Assert.Null(Find(slow, piece));
    }

    [Fact]
    public void AFastPeerTakesOverWhatASlowOneWouldNotFinishSoon()
    {
        var (fast, slow) = (Add(Fast), Add(Slow));

        Assert.NotNull(Find(fast, Piece(0, slow)));
    }

    [Fact]
    public void WhatIsNearlyDoneIsLeftToItsOwner()
    {
        var (fast, slow) = (Add(Fast), Add(Slow));
        var piece = Piece(0, slow, asked: 62);
        while (slow.Owed.Count > 4) slow.Owed.RemoveFirst();

        Assert.Null(Find(fast, piece));
    }

    [Fact]
    public void NobodyHelpsWithWhatOnePeerHasToGiveAlone()
    {
        var (fast, slow) = (Add(Fast), Add(Slow));
        var piece = Piece(0, slow);
        piece.IsExclusive = true;

        Assert.Null(Find(fast, piece));
    }

    [Fact]
    public void NobodyHelpsWithWhatHeDoesNotHave()
    {
        var (fast, slow) = (Add(Fast, ".xxxxxxx"), Add(Slow));

        Assert.Null(Find(fast, Piece(0, slow)));
    }

    [Theory]
    [InlineData(1, true, true)]
    [InlineData(1, false, false)]
    [InlineData(3, false, true)]
    public void AFastPeerIsAskedForWhatASlowOneOwes_SoonerAtTheEnd(int owed, bool isEnd, bool isAsked)
    {
        var (slow, fast) = (Add(100), Add(10 * Fast));
        slow.LastBlock = Now;
        var piece = Piece(2, slow, asked: owed);

        Assert.Equal(isAsked, new Endgame(_peers, new Dictionary<int, OpenPiece> { [2] = piece }, new InFlight(_peers)).TryTake(fast, Now, isEnd, out _, out _));
    }

    [Fact]
    public void NobodyIsLate_WhenOurOwnLinkIsFull()
    {
        var (slow, fast) = (Add(100), Add(10 * Fast));
        slow.LastBlock = Now;
        var piece = Piece(2, slow, asked: 3);
        var inFlight = new InFlight(_peers);
        for (var i = 0; i <= 10; i++) inFlight.OnReceived(1_000, Now - (10 - i) * TimeSpan.FromMilliseconds(100));

        Assert.False(new Endgame(_peers, new Dictionary<int, OpenPiece> { [2] = piece }, inFlight).TryTake(fast, Now, isEnd: true, out _, out _));
    }

    [Fact]
    public void WhatIsNeededSoonestComesFirst()
    {
        var peer = Add(Fast);
        var deadlines = new Deadlines();
        deadlines.Set(new PieceIndex(5), TimeSpan.FromSeconds(60));
        deadlines.Set(new PieceIndex(2), TimeSpan.FromSeconds(70));
        deadlines.Set(new PieceIndex(3), TimeSpan.FromSeconds(60));
        deadlines.Set(new PieceIndex(2), TimeSpan.FromSeconds(50));

        Assert.Equal([2, 3, 5], new Urgency(deadlines, _peers, _geometry).For(peer, Now).Select(p => p.Value));
        deadlines.Remove(new PieceIndex(3));
        Assert.Equal([2, 5], new Urgency(deadlines, _peers, _geometry).For(peer, Now).Select(p => p.Value));
    }

    [Fact]
    public void WhoWouldBeLateLeavesItToWhoIsMuchFaster()
    {
        var slow = Add(Slow);
        var deadlines = new Deadlines();
        deadlines.Set(new PieceIndex(2), Now + TimeSpan.FromSeconds(5));
        deadlines.Set(new PieceIndex(3), Now + TimeSpan.FromSeconds(500));
        var urgency = new Urgency(deadlines, _peers, _geometry);

        Assert.Equal([2, 3], urgency.For(slow, Now).Select(p => p.Value)); // better late than never
        var fast = Add(Fast);
        Assert.Equal([3], urgency.For(slow, Now).Select(p => p.Value));
        Assert.Equal([2, 3], urgency.For(fast, Now).Select(p => p.Value));
        fast.IsChoking = true;
        Assert.Equal([2, 3], urgency.For(slow, Now).Select(p => p.Value));
    }

    [Fact]
    public void WhatWillBeLateIsAskedOfAFasterOneToo()
    {
        var (slow, fast) = (Add(Slow), Add(Fast));
        var piece = Piece(2, slow, asked: 64);
        var deadlines = new Deadlines();
        var urgency = new Urgency(deadlines, _peers, _geometry);
        Assert.False(urgency.TryFindLate(fast, piece, Now, out _));

        deadlines.Set(piece.Index, Now + TimeSpan.FromSeconds(5));

        Assert.True(urgency.TryFindLate(fast, piece, Now, out var block));
        Assert.Equal(0, block.Value);
        Assert.False(urgency.TryFindLate(slow, piece, Now, out _));
        deadlines.Set(piece.Index, Now + TimeSpan.FromSeconds(500));
        Assert.False(urgency.TryFindLate(fast, piece, Now, out _));
    }
}
