using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Peers;
using Shoal.Engine.Picking;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class InFlightTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<PeerKey, Peer> _peers = [];
    private readonly InFlight _inFlight;
    private TimeSpan _now = TimeSpan.FromMinutes(1);

    public InFlightTests() => _inFlight = new InFlight(_peers);

    [Fact]
    public void BoundsNothing_BeforeThereIsARate()
    {
        Add(owed: 2000);

        Assert.Equal(int.MaxValue, _inFlight.RoomFor(Add(owed: 0)));
        Assert.Equal(TimeSpan.Zero, _inFlight.Drain);
    }

    [Fact]
    public void LeavesRoomForASecondOfWhatComes()
    {
        Add(owed: 100);
        var peer = Add(owed: 20);

        Receive(ticks: 20, blocks: 40);

        Assert.Equal(400 - 120, _inFlight.RoomFor(peer));
        Assert.Equal(0.3, _inFlight.Drain.TotalSeconds, 3);
    }

    [Fact]
    public void LetsEachOweOne_WhenASecondIsOwed()
    {
        var busy = Add(owed: 500);

        Receive(ticks: 20, blocks: 40);

        Assert.Equal(0, _inFlight.RoomFor(busy));
        Assert.Equal(1, _inFlight.RoomFor(Add(owed: 0)));
    }

    [Fact]
    public void LeavesRoomForAFew_WhenNextToNothingComes()
    {
        var peer = Add(owed: 8);

        Receive(ticks: 20, blocks: 1);

        Assert.Equal(120, _inFlight.RoomFor(peer));
    }

    [Fact]
    public void ForgetsTheRate_WhenThereWasAPause()
    {
        Add(owed: 500);
        Receive(ticks: 20, blocks: 1);

        _now += TimeSpan.FromSeconds(30);
        Receive(ticks: 1, blocks: 1);

        Assert.Equal(int.MaxValue, _inFlight.RoomFor(Add(owed: 0)));
    }

    private Peer Add(int owed)
    {
        var peer = Drawn.Peer(_peers.Count + 1);
        for (var i = 0; i < owed; i++) peer.Owed.AddLast(new OwedBlock(new PieceIndex(0), new BlockIndex(i), default, false));
        return _peers[peer.Key] = peer;
    }

    private void Receive(int ticks, int blocks)
    {
        for (var i = 0; i < ticks; i++)
        {
            _inFlight.OnReceived(blocks * TorrentGeometry.BlockLength, _now);
            _now += Tick;
        }
    }
}
