using System.Net;
using Shoal.Core;
using Shoal.Engine;
using Shoal.Harness.Content;
using Shoal.Wire;
using Shoal.Wire.Extensions;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class SwarmExchangeTests
{
    [Fact]
    public void TellsAPeerOfTheOthers_SoonAfterItCame()
    {
        var bench = new SwarmBench().Open();
        var first = bench.Connect("....");
        bench.Extend(first, pex: true);
        var second = bench.Connect("x...", incoming: true, endPoint: SwarmBench.At(60, 33_333));
        bench.Extend(second, port: 9000);
        var third = bench.Connect("xxxx");

        bench.Pass(5);

        var (told, message) = Assert.Single(bench.Effects.Told);
        Assert.Equal(first, told);
        Assert.Equal(
            [new PexPeer(SwarmBench.At(60), PexFlags.None), new PexPeer(SwarmBench.At((byte)third.Value), PexFlags.UploadOnly | PexFlags.Reachable)],
            message.Added.OrderByDescending(p => p.EndPoint.Address.GetAddressBytes()[3]));
        Assert.Empty(message.Dropped);
    }

    [Fact]
    public void TellsOfNobodyWhoseListeningPortIsUnknown_NorOfThePeerItself()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("....");
        bench.Extend(peer, pex: true);
        bench.Connect("x...", incoming: true, endPoint: SwarmBench.At(60, 33_333));

        bench.Pass(200);

        Assert.Empty(bench.Effects.Told);
    }

    [Fact]
    public void TellsOnlyWhatChanged_AtMostOnceAMinute()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("....");
        bench.Extend(peer, pex: true);
        var leaver = bench.Connect("x...");
        bench.Pass(5);

        var newcomer = bench.Connect("x...");
        bench.Disconnect(leaver);
        bench.Pass(55);
        Assert.Single(bench.Effects.Told);
        bench.Handle(new SwarmEvent.KeptAlive(peer));
        bench.Pass(10);

        Assert.Equal(2, bench.Effects.Told.Count);
        Assert.Equal([SwarmBench.At((byte)newcomer.Value)], bench.Effects.Told[1].Message.Added.Select(p => p.EndPoint));
        Assert.Equal([SwarmBench.At((byte)leaver.Value)], bench.Effects.Told[1].Message.Dropped);
    }

    [Fact]
    public void TellsOfFiftyAtATime()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("....");
        bench.Extend(peer, pex: true);
        for (var i = 0; i < 70; i++) bench.Connect("....");
        bench.Pass(5);
        bench.Pass(61);

        Assert.Equal([50, 20], bench.Effects.Told.Select(t => t.Message.Added.Count));
        Assert.Equal(70, bench.Effects.Told.SelectMany(t => t.Message.Added).Select(p => p.EndPoint).Distinct().Count());
    }

    [Fact]
    public void TellsOfASeedThatLeftASeed_Once()
    {
        var bench = new SwarmBench().Open("xxxx");
        var other = bench.Connect("xxxx");
        bench.Disconnect(other, CloseReason.NothingToDo);

        var peer = bench.Connect("....");
        bench.Extend(peer, pex: true);
        bench.Pass(5);
        bench.Pass(61);

        Assert.Equal([SwarmBench.At((byte)other.Value)], bench.Effects.Told[0].Message.Added.Select(p => p.EndPoint));
        Assert.Equal([SwarmBench.At((byte)other.Value)], bench.Effects.Told[1].Message.Dropped);
        Assert.Empty(bench.Effects.Told[1].Message.Added);
    }

    [Fact]
    public void TellsAStrangerOfNobodyInOurOwnNetwork()
    {
        var bench = new SwarmBench().Open();
        var stranger = bench.Connect("....", endPoint: Global(8));
        bench.Extend(stranger, pex: true);
        bench.Connect("x...");
        bench.Connect("x...", endPoint: Global(9));

        bench.Pass(5);

        Assert.Equal([Global(9)], Assert.Single(bench.Effects.Told).Message.Added.Select(p => p.EndPoint));
    }

    [Fact]
    public void ConnectsToWhomAPeerTellsOf()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("....");

        Tell(bench, peer, SwarmBench.At(70), SwarmBench.At(71));

        Assert.Equal([SwarmBench.At(70), SwarmBench.At(71)], bench.Effects.Connects.OrderBy(e => e.Address.GetAddressBytes()[3]));
    }

    [Fact]
    public void BelievesNoStrangerAboutOurOwnNetwork_NorSeveralPortsOfOneAddress()
    {
        var bench = new SwarmBench().Open();
        var stranger = bench.Connect("....", endPoint: Global(8));

        Tell(bench, stranger, SwarmBench.At(70), new NetEndPoint(IPAddress.Loopback, 22), Global(9), Global(9).WithPort(80), Global(10).WithPort(0));

        Assert.Equal([Global(9)], bench.Effects.Connects);
    }

    [Fact]
    public void PassesOverMessagesThatComeTooSoon_AndClosesWhoGoesOn()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("....");
        Tell(bench, peer, SwarmBench.At(70));

        Tell(bench, peer, SwarmBench.At(71));
        Assert.DoesNotContain(SwarmBench.At(71), bench.Effects.Connects);
        Assert.Empty(bench.Effects.Closed);
        for (var i = 0; i < 10; i++) Tell(bench, peer, SwarmBench.At(72));

        Assert.Equal([(peer, CloseReason.TooTalkative)], bench.Effects.Closed);
    }

    [Fact]
    public void TakesAMessageEachMinute()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("....");
        for (byte i = 0; i < 5; i++)
        {
            Tell(bench, peer, SwarmBench.At((byte)(70 + i)));
            bench.Pass(60);
        }

        Assert.Superset(Enumerable.Range(70, 5).Select(i => SwarmBench.At((byte)i)).ToHashSet(), bench.Effects.Connects.ToHashSet());
        Assert.Empty(bench.Effects.Closed);
    }

    [Fact]
    public void BelievesOnePeerNotWithoutEnd()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("....");
        for (var i = 0; i < 30; i++)
        {
            Tell(bench, peer, [.. Enumerable.Range(0, 100).Select(n => new NetEndPoint(new IPAddress([10, 9, (byte)i, (byte)n]), 1))]);
            bench.Handle(new SwarmEvent.KeptAlive(peer));
            bench.Pass(46);
        }

        Assert.InRange(bench.Swarm.Known, 100, 500);
    }

    [Fact]
    public void TellsAndBelievesNothing_WhenTheTorrentIsPrivate()
    {
        var bench = new SwarmBench(torrent: SeededTorrent.OfPrivate(1, SwarmBench.PieceLength, 4 * SwarmBench.PieceLength)).Open();
        var peer = bench.Connect("....");
        bench.Extend(peer, pex: true);
        bench.Connect("x...");

        Tell(bench, peer, SwarmBench.At(70));
        bench.Pass(10);

        Assert.Empty(bench.Effects.Connects);
        Assert.Empty(bench.Effects.Told);
        Assert.All(bench.Effects.Introductions, i => Assert.False(i.Introduction.TakesPex));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void HoldsBackWhatItHeard_UntilItIsKnownNotToBePrivate(bool isPrivate)
    {
        var bench = new SwarmBench(torrent: isPrivate ? SeededTorrent.OfPrivate(1, SwarmBench.PieceLength, 4 * SwarmBench.PieceLength) : null);
        var peer = bench.Connect("....");
        bench.Extend(peer, pex: true);
        bench.Connect("x...");
        Tell(bench, peer, SwarmBench.At(70));
        bench.Pass(5);
        Assert.Empty(bench.Effects.Connects);
        Assert.Empty(bench.Effects.Told);

        bench.Open();
        bench.Pass(5);

        Assert.Equal(isPrivate ? [] : [SwarmBench.At(70)], bench.Effects.Connects);
        Assert.Equal(isPrivate ? 0 : 1, bench.Effects.Told.Count);
    }

    private static void Tell(SwarmBench bench, PeerKey peer, params NetEndPoint[] endPoints) =>
        bench.Handle(new SwarmEvent.PeersTold(peer, new PexMessage { Added = [.. endPoints.Select(e => new PexPeer(e, PexFlags.None))] }));

    private static NetEndPoint Global(byte host) => new(new IPAddress([93, 184, 216, host]), 9000);
}
