using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Harness.Content;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class SwarmPeerTests
{
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void KeepsTheSameOfTwoConnections_OnBothSides(bool firstIsOurs, bool secondIsOurs)
    {
        var (low, high) = (new SwarmBench(ourId: 1).Open(), new SwarmBench(ourId: 2).Open());

        var firstLow = low.Connect(id: 2, incoming: !firstIsOurs);
        var secondLow = low.Connect(id: 2, incoming: !secondIsOurs);
        var firstHigh = high.Connect(id: 1, incoming: firstIsOurs);
        var secondHigh = high.Connect(id: 1, incoming: secondIsOurs);

        var keepsFirst = low.Swarm.Peers.Single().Key == firstLow;
        Assert.Equal(keepsFirst, high.Swarm.Peers.Single().Key == firstHigh);
        Assert.Equal(!firstIsOurs, keepsFirst);
        Assert.Equal([(keepsFirst ? secondLow : firstLow, CloseReason.Duplicate)], low.Effects.Closed);
        Assert.Equal([(keepsFirst ? secondHigh : firstHigh, CloseReason.Duplicate)], high.Effects.Closed);
    }

    [Fact]
    public void AsksOverTheConnectionItKeeps()
    {
        var bench = new SwarmBench(pieces: 1, ourId: 200).Open();
        bench.Connect(id: 5, incoming: true);

        var kept = bench.Connect(id: 5);

        Assert.Equal(4, bench.RequestsTo(kept).Count);
    }

    [Fact]
    public void ClosesAConnectionToItself()
    {
        var bench = new SwarmBench(ourId: 9).Open();

        var self = bench.Connect(id: 9, endPoint: SwarmBench.At(50));
        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(50)], true));
        bench.Pass(700);

        Assert.Equal([(self, CloseReason.Self)], bench.Effects.Closed);
        Assert.Empty(bench.Effects.Connects);
    }

    [Fact]
    public void DoesNotConnectToAPeerThatIsThereAlready()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("x...", incoming: true, endPoint: SwarmBench.At(60, 33_333));
        bench.Extend(peer, port: 9000);

        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(60)], false));
        Assert.Empty(bench.Effects.Connects);
        bench.Disconnect(peer);
        bench.Pass(3);

        Assert.Equal([SwarmBench.At(60)], bench.Effects.Connects);
    }

    [Fact]
    public void ASeedCallsThoseWhoAnnouncedThemselves_OnceForEachTime()
    {
        var bench = new SwarmBench();
        bench.Handle(new SwarmEvent.ContentOpened(bench.Torrent.Info, bench.Torrent.Layers(), bench.Torrent.All));
        var there = bench.Connect("", incoming: true, endPoint: SwarmBench.At(60, 33_333));
        bench.Extend(there, port: 9000);

        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(50), SwarmBench.At(60)], false));
        Assert.Empty(bench.Effects.Connects);
        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(50), SwarmBench.At(60), SwarmBench.At(50)], false, WantIt: true));
        Assert.Equal([SwarmBench.At(50)], bench.Effects.Connects);
        bench.Handle(new SwarmEvent.ConnectFailed(SwarmBench.At(50)));
        bench.Pass(60);
        Assert.Single(bench.Effects.Connects);

        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(50)], false, WantIt: true));
        Assert.Equal(2, bench.Effects.Connects.Count);
    }

    [Fact]
    public void ASeedCallsThoseWhomTheUserNamed_Once()
    {
        var bench = new SwarmBench();
        bench.Handle(new SwarmEvent.ContentOpened(bench.Torrent.Info, bench.Torrent.Layers(), bench.Torrent.All));

        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(50)], Named: true));
        bench.Handle(new SwarmEvent.ConnectFailed(SwarmBench.At(50)));
        bench.Pass(60);

        Assert.Equal([SwarmBench.At(50)], bench.Effects.Connects);
    }

    [Fact]
    public void TriesAgainLaterAndLater_WhenNobodyAnswers()
    {
        var bench = new SwarmBench().Open();
        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(60)], false));
        var times = new List<TimeSpan>();
        for (var tries = 0; tries < 5; tries++)
        {
            while (bench.Effects.Connects.Count == 0) bench.Pass(0.1);
            times.Add(bench.Now);
            bench.Effects.Connects.Clear();
            bench.Handle(new SwarmEvent.ConnectFailed(SwarmBench.At(60)));
        }

        var gaps = times.Zip(times.Skip(1), (a, b) => b - a).ToList();
        Assert.Equal(gaps.Order(), gaps);
        Assert.True(gaps[^1] > gaps[0] * 4);
    }

    [Fact]
    public void ConnectsToFewAtATime_ThoseNamedByTheUserFirst()
    {
        var bench = new SwarmBench(options: new SwarmOptions { MaxConnecting = 3 });
        bench.Handle(new SwarmEvent.PeersFound([.. Enumerable.Range(1, 50).Select(i => SwarmBench.At((byte)i))], false));
        Assert.Equal(3, bench.Effects.Connects.Count);

        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(99)], true));
        bench.Handle(new SwarmEvent.ConnectFailed(bench.Effects.Connects[0]));

        Assert.Equal(SwarmBench.At(99), bench.Effects.Connects[3]);
    }

    [Fact]
    public void MakesRoomForNewPeers_WhenTheKnownOnesAreDead()
    {
        var bench = new SwarmBench().Open();
        for (var i = 0; i < 2100; i++) bench.Handle(new SwarmEvent.PeersFound([new NetEndPoint(new System.Net.IPAddress([10, 1, (byte)(i >> 8), (byte)i]), 1)], false));
        foreach (var endPoint in bench.Effects.Connects.ToList()) bench.Handle(new SwarmEvent.ConnectFailed(endPoint));

        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(1)], false));
        for (var i = 16; i < 3000 && !bench.Effects.Connects.Contains(SwarmBench.At(1)); i++) bench.Handle(new SwarmEvent.ConnectFailed(bench.Effects.Connects[i]));

        Assert.Contains(SwarmBench.At(1), bench.Effects.Connects);
        Assert.InRange(bench.Swarm.Known, 1, 2000);
    }

    [Fact]
    public void MakesRoomForOthers_WhenOneAddressHoldsMostConnections()
    {
        var bench = new SwarmBench(options: new SwarmOptions { MaxPeers = 8 }).Open();
        var crowd = Enumerable.Range(0, 8).Select(i => bench.Connect("....", incoming: true, endPoint: SwarmBench.At(1, 1000 + i))).ToList();

        var again = bench.Connect("....", incoming: true, endPoint: SwarmBench.At(1, 2000));
        var others = Enumerable.Range(2, 6).Select(i => bench.Connect("....", incoming: true, endPoint: SwarmBench.At((byte)i))).ToList();

        Assert.Contains((again, CloseReason.TooMany), bench.Effects.Closed);
        Assert.Equal(8, bench.Swarm.Peers.Count);
        Assert.All(others, o => Assert.Contains(bench.Swarm.Peers, p => p.Key == o));
        Assert.Equal(2, bench.Swarm.Peers.Count(p => crowd.Contains(p.Key)));
    }

    [Fact]
    public void TakesNoMorePeersThanItMay()
    {
        var bench = new SwarmBench(options: new SwarmOptions { MaxPeers = 2 }).Open();
        bench.Connect("x...", incoming: true);
        bench.Connect("x...", incoming: true);

        var third = bench.Connect("x...", incoming: true);

        Assert.Equal([(third, CloseReason.TooMany)], bench.Effects.Closed);
    }

    [Fact]
    public void KeepsAPeerThatOnlyKeepsAlive_AndDropsOneThatIsSilent()
    {
        var bench = new SwarmBench().Open();
        var alive = bench.Connect("....");
        var silent = bench.Connect("....");

        for (var i = 0; i < 4; i++)
        {
            bench.Pass(60);
            bench.Handle(new SwarmEvent.KeptAlive(alive));
        }

        Assert.All(bench.Effects.Closed, c => Assert.Equal((silent, CloseReason.TimedOut), c));
        Assert.NotEmpty(bench.Effects.Closed);
        Assert.Contains(alive, bench.Effects.KeepAlives);
    }

    [Fact]
    public void SaysWhatItHas_WholeOrInPartOrNothing()
    {
        var bench = new SwarmBench().Open(".xx.");

        bench.Connect("");

        Assert.Equal([(new PeerKey(1), ".xx.")], bench.Effects.Bitfields);
    }

    [Fact]
    public void TellsThoseWhoCameEarly_AndHearsWhatTheySaid()
    {
        var bench = new SwarmBench();
        var peer = bench.Connect("x.x.");
        bench.Handle(new SwarmEvent.PeerHas(peer, 3));

        bench.Open("xx..");

        Assert.Equal([(peer, 0), (peer, 1)], bench.Effects.Haves);
        Assert.Equal([2, 3], bench.PiecesAsked(peer).Order());
    }

    [Fact]
    public void IsInterestedAsLongAsThePeerHasSomething()
    {
        var bench = new SwarmBench(pieces: 2).Open();
        var peer = bench.Connect("x.");
        bench.GiveAll();
        bench.StoreAll();
        bench.Pass(0.1);
        bench.Handle(new SwarmEvent.PeerHas(peer, 1));

        Assert.Equal([(peer, true), (peer, false), (peer, true)], bench.Effects.Interests);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void ClosesAPeer_ThatHasAPieceThereIsNot(int piece)
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("....");

        bench.Handle(new SwarmEvent.PeerHas(peer, piece));

        Assert.Equal([(peer, CloseReason.OutOfRange)], bench.Effects.Closed);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0xF0, 0 })]
    [InlineData(new byte[] { 0xF8 })]
    public void ClosesAPeer_WhoseBitfieldIsOfAnotherSize(byte[] bits)
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("");

        bench.Handle(new SwarmEvent.PeerBitfield(peer, bits, false));

        Assert.Equal([(peer, CloseReason.BadBitfield)], bench.Effects.Closed);
    }

    [Fact]
    public void TakesASecondBitfieldForMore_AndNeverForLess() // aria2 sends one instead of many haves
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("x...");

        bench.Handle(new SwarmEvent.PeerBitfield(peer, [0x60], false));

        Assert.Empty(bench.Effects.Closed);
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(p => bench.Peer(peer).HasPiece(new PieceIndex(p))));
        bench.GiveAll();
        bench.StoreAll();
        Assert.Equal([0, 1, 2], bench.PiecesAsked(peer).Order());
    }

    [Fact]
    public void AsksForNoBlock_BeforeItsLayerIsKnown()
    {
        var bench = new SwarmBench(torrent: new SeededTorrent(1, SwarmBench.PieceLength, 3 * SwarmBench.PieceLength, 100));
        bench.Open(layers: bench.Torrent.Layers(known: false));

        var peer = bench.Connect();
        Assert.Equal([3], bench.PiecesAsked(peer));
        var (_, request) = Assert.Single(bench.Effects.HashRequests);
        bench.Handle(new SwarmEvent.HashesReceived(peer, request, Padded(bench.Torrent, request)));

        Assert.Equal([new FileIndex(0)], bench.Effects.Layers);
        Assert.Equal([0, 1, 2, 3], bench.PiecesAsked(peer).Order());
    }

    [Fact]
    public void AsksAnotherPeerForHashes_WhenTheFirstRefusesOrIsSilent()
    {
        var bench = new SwarmBench();
        bench.Open(layers: bench.Torrent.Layers(known: false));
        var peers = Enumerable.Range(0, 4).Select(_ => bench.Connect()).ToList();
        Assert.Equal(peers[..2], bench.Effects.HashRequests.Select(h => h.Peer));

        bench.Handle(new SwarmEvent.HashesRejected(peers[0], bench.Effects.HashRequests[0].Request));
        Assert.Equal(peers, bench.Effects.HashRequests.Select(h => h.Peer));
        var last = bench.Connect();
        Assert.DoesNotContain(bench.Effects.HashRequests, h => h.Peer == last);
        bench.Pass(2.2);

        Assert.Equal(last, bench.Effects.HashRequests[4].Peer);
    }

    [Fact]
    public void KeepsWhatWasCounted_WhenThePeerIntroducesItselfAgain()
    {
        var bench = new SwarmBench(pieces: 2).Open();
        var peer = bench.Connect();
        bench.Give(bench.Effects.Requests[0]);

        bench.Extend(peer, queue: 3);

        Assert.Equal(SwarmBench.BlockLength, bench.Peer(peer).Window.Rate.Total);
        Assert.InRange(bench.Peer(peer).Window.Size, 1, 3);
    }

    [Fact]
    public void UnchokesThoseWhoAsk_UpToItsSlotsAndOneOnTrial()
    {
        var bench = new SwarmBench(options: new SwarmOptions { UploadSlots = 3 }).Open("xxxx");
        bench.Pass(1);
        var peers = Enumerable.Range(0, 8).Select(_ => bench.Connect("....")).ToList();

        foreach (var peer in peers) bench.Handle(new SwarmEvent.InterestChanged(peer, true));

        Assert.Equal(4, bench.Effects.Chokes.Count(c => !c.Choked));
        bench.Pass(200);
        Assert.All(peers, p => Assert.Contains((p, false), bench.Effects.Chokes));
        Assert.Equal(4, bench.Swarm.Peers.Count(p => !p.AmChoking));
    }

    [Fact]
    public void GivesNothing_WhenToldNotTo()
    {
        var bench = new SwarmBench(options: new SwarmOptions { Upload = false }).Open("xxxx");
        var peer = bench.Connect("....");

        bench.Handle(new SwarmEvent.InterestChanged(peer, true));
        bench.Pass(60);

        Assert.Empty(bench.Effects.Chokes);
    }

    private static byte[] Padded(SeededTorrent torrent, HashRequest request)
    {
        var hashes = new byte[request.Range.TotalHashes * Hash256.Length];
        request.Range.CopyFrom(torrent.LayerOf(new FileIndex(0)), hashes);
        return hashes;
    }
}
