using System.Net;
using System.Net.Sockets;
using Shoal.Core;
using Shoal.Discovery.Local;
using Xunit;

namespace Shoal.Unit.Discovery;

public sealed class LocalDiscoveryTests : ILocalEffects
{
    private static readonly Hash160 One = Hash160.Random(new Random(1));
    private static readonly Hash160 Two = Hash160.Random(new Random(2));
    private static readonly NetEndPoint Stranger = At("10.0.0.9", 6771);

    private readonly List<(TimeSpan At, Announcement What)> _sent = [];
    private readonly List<(Hash160 Torrent, NetEndPoint Peer)> _peers = [];
    private readonly List<NetEndPoint> _nodes = [];
    private LocalDiscovery _discovery;
    private TimeSpan _now;

    public LocalDiscoveryTests() => _discovery = Begin(new LocalDiscoveryOptions { Port = 9000, DhtPort = 8468 });

    [Fact]
    public void AnnouncesTheRendezvousAtItsStart_AndOnceMore()
    {
        Pass(TimeSpan.FromMinutes(4));

        Assert.Equal([Seconds(0), Seconds(2)], _sent.Select(s => s.At));
        Assert.All(_sent, s => Assert.Equal((true, 9000, 8468), (s.What.IsRendezvous, s.What.Port, s.What.DhtPort)));
    }

    [Fact]
    public void AnnouncesEveryFiveMinutes_AllNamesTogether()
    {
        _discovery.Join(One, LocalInterest.Share, _now);
        Pass(Seconds(30));
        _discovery.Join(Two, LocalInterest.Share, _now);
        Pass(TimeSpan.FromMinutes(4));
        _sent.Clear();

        Pass(TimeSpan.FromMinutes(30));

        Assert.InRange(_sent.Count(s => s.What.Torrents.Contains(One)), 5, 6);
        Assert.InRange(_sent.Count(s => s.What.Torrents.Contains(Two)), 5, 6);
        Assert.All(_sent.Zip(_sent.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void AnnouncesANewTorrentAtOnce()
    {
        Pass(TimeSpan.FromMinutes(2));
        _sent.Clear();

        _discovery.Join(One, LocalInterest.Share, _now);
        Pass(Seconds(0.1));

        Assert.Equal([One], Assert.Single(_sent).What.Torrents);
    }

    [Fact]
    public void AnnouncesManyTorrents_AsManyADatagramAsFit()
    {
        var torrents = Enumerable.Range(100, 300).Select(i => Hash160.Random(new Random(i))).ToList();
        foreach (var torrent in torrents) _discovery.Join(torrent, LocalInterest.Share, _now);

        Pass(Seconds(0.1));
        var burst = _sent.Count;
        Pass(TimeSpan.FromMinutes(5));

        Assert.Equal(1 + AnnouncePace.Burst - AnnouncePace.KeptForAnswers, burst);
        Assert.All(_sent, s => Assert.InRange(s.What.Torrents.Count, 1, Announcement.MaxNames));
        Assert.Equal(torrents.ToHashSet(), _sent.SelectMany(s => s.What.Torrents).ToHashSet());
    }

    [Fact]
    public void SaysNoMoreOfATorrentThatWasLeft()
    {
        _discovery.Join(One, LocalInterest.Get, _now);
        _discovery.Join(One, LocalInterest.Share, _now);
        _discovery.Leave(One, LocalInterest.Get);
        Pass(Seconds(1));
        Assert.Contains(_sent, s => s.What.Torrents.Contains(One));

        _sent.Clear();
        _discovery.Leave(One, LocalInterest.Share);
        Pass(TimeSpan.FromMinutes(11));

        Assert.NotEmpty(_sent);
        Assert.All(_sent, s => Assert.Empty(s.What.Torrents));
    }

    [Theory]
    [InlineData(LocalInterest.Share, 9000, true, false)]
    [InlineData(LocalInterest.Get, 9000, true, false)]
    [InlineData(LocalInterest.Find, 9000, false, true)]
    [InlineData(LocalInterest.Share, 0, false, false)]
    [InlineData(LocalInterest.Get, 0, false, true)]
    public void SaysOfATorrentWhatItsInterestAllows(LocalInterest interest, int port, bool announced, bool wanted)
    {
        _discovery = Begin(new LocalDiscoveryOptions { Port = port });

        _discovery.Join(One, interest, _now);
        Pass(Seconds(1));

        Assert.Equal(announced, _sent.Any(s => s.What.Torrents.Contains(One)));
        Assert.Equal(wanted, _sent.Any(s => s.What.Wanted.Contains(One)));
        Assert.All(_sent, s => Assert.Equal((port, 0), (s.What.Port, s.What.DhtPort)));
    }

    [Fact]
    public void TellsOfPeersOfWhatIsJoined_AndOfNodes()
    {
        _discovery.Join(One, LocalInterest.Share, _now);

        Hear(new Announcement { Port = 7000, Torrents = [One, Two], IsRendezvous = true, DhtPort = 7001, Cookie = "c" });

        Assert.Equal([(One, Stranger.WithPort(7000))], _peers);
        Assert.Equal([Stranger.WithPort(7001)], _nodes);
    }

    [Fact]
    public void TellsOfPeersHeardBefore_WhenATorrentIsJoined()
    {
        Hear(new Announcement { Port = 7000, Torrents = [One], Cookie = "c" });
        Assert.Empty(_peers);

        _discovery.Join(One, LocalInterest.Find, _now);

        Assert.Equal([(One, Stranger.WithPort(7000))], _peers);
    }

    [Fact]
    public void PassesOverPeersWithoutAPort_AndPortsOfTheDhtWithoutRendezvous()
    {
        _discovery.Join(One, LocalInterest.Share, _now);

        Hear(new Announcement { Torrents = [One], DhtPort = 7001, Cookie = "c" });

        Assert.Empty(_peers);
        Assert.Empty(_nodes);
    }

    [Fact]
    public void PassesOverItself()
    {
        _discovery.Join(One, LocalInterest.Share, _now);
        Pass(Seconds(10));
        var own = _sent[0].What;

        Hear(own);

        Assert.Empty(_peers);
        Assert.Empty(_nodes);
    }

    [Theory]
    [InlineData("10.1.2.3", false, true)]
    [InlineData("169.254.1.1", false, true)]
    [InlineData("fd00::1", false, true)]
    [InlineData("8.8.8.8", true, true)]
    [InlineData("8.8.8.8", false, false)]
    [InlineData("2001:db8::1", false, false)]
    [InlineData("127.0.0.2", true, false)]
    [InlineData("::1", true, false)]
    [InlineData("fe80::1", true, false)]
    [InlineData("224.0.0.1", true, false)]
    public void BelievesOnlyWhoIsNear(string address, bool isOnLink, bool believed)
    {
        _discovery.Join(One, LocalInterest.Share, _now);

        Hear(new Announcement { Port = 7000, Torrents = [One], Cookie = "c" }, At(address, 6771), isOnLink);

        Assert.Equal(believed, _peers.Count == 1);
    }

    [Fact]
    public void AnswersAStrangerWithinASecond_AndOnlyOnce()
    {
        Settle(LocalInterest.Share);

        Hear(new Announcement { Port = 7000, Torrents = [One], Cookie = "c" });
        Pass(Seconds(1.1));
        Assert.Equal([One], Assert.Single(_sent).What.Torrents);

        Hear(new Announcement { Port = 7000, Torrents = [One], Cookie = "c" });
        Pass(Seconds(10));
        Assert.Single(_sent);
    }

    [Fact]
    public void AnswersWhoHasNoCookieEachTime_SinceItMayHaveForgotten()
    {
        Settle(LocalInterest.Share);

        for (var times = 1; times <= 2; times++)
        {
            Hear(new Announcement { Port = 7000, Torrents = [One] });
            Pass(Seconds(1.1));
            Assert.Equal(times, _sent.Count);
        }
    }

    [Fact]
    public void AnswersANewcomersRendezvous_AndWhoAsks()
    {
        Settle(LocalInterest.Share);

        Hear(new Announcement { IsRendezvous = true, Cookie = "c" });
        Pass(Seconds(1.1));
        Assert.Empty(Assert.Single(_sent).What.Torrents);

        Hear(new Announcement { IsRendezvous = true, Wanted = [One], Cookie = "c" });
        Pass(Seconds(1.1));
        Assert.Equal([One], _sent[1].What.Torrents);
        Assert.Equal(2, _sent.Count);
    }

    [Fact]
    public void AnswersANewcomerInTwoHundredBytes_SinceSomeClientsReadNoMore()
    {
        Settle(LocalInterest.Share);

        Hear(new Announcement { Port = 7000, Torrents = [One] });
        Pass(Seconds(1.1));

        var answer = Assert.Single(_sent).What;
        Assert.Equal([One], answer.Torrents);
        Assert.InRange(AnnouncementWriter.Write(answer with { Port = 65_535 }, AddressFamily.InterNetwork, new byte[Announcement.MaxLength]), 1, 200);
    }

    [Fact]
    public void AnswersBeforeItHasSaidAllThatIsNew()
    {
        for (var i = 100; i < 5000; i++) _discovery.Join(Hash160.Random(new Random(i)), LocalInterest.Share, _now);
        _discovery.Join(One, LocalInterest.Share, _now);
        Pass(Seconds(5));
        _sent.Clear();

        Hear(new Announcement { Wanted = [One], Cookie = "c" });
        Pass(Seconds(1.1));

        Assert.Equal(One, _sent[0].What.Torrents[0]);
    }

    [Fact]
    public void AnswersNobody_WithNothingToTell()
    {
        _discovery = Begin(new LocalDiscoveryOptions());
        Settle(LocalInterest.Get);

        Hear(new Announcement { Port = 7000, Torrents = [One], Wanted = [One], IsRendezvous = true, Cookie = "c" });
        Pass(Seconds(10));

        Assert.Empty(_sent);
    }

    [Fact]
    public void SaysEverythingAnew_WhenANetworkAppears()
    {
        Settle(LocalInterest.Share);

        _discovery.Arrive(_now);
        Pass(Seconds(3));

        Assert.Equal(2, _sent.Count);
        Assert.All(_sent, s => Assert.Equal([One], s.What.Torrents));
    }

    void ILocalEffects.Send(Announcement announcement) => _sent.Add((_now, announcement));

    void ILocalEffects.PeerHeard(Hash160 torrent, NetEndPoint peer) => _peers.Add((torrent, peer));

    void ILocalEffects.NodeHeard(NetEndPoint node) => _nodes.Add(node);

    private LocalDiscovery Begin(LocalDiscoveryOptions options) => new(options, new Random(3), this, _now);

    private void Settle(LocalInterest interest)
    {
        _discovery.Join(One, interest, _now);
        Pass(Seconds(30));
        _sent.Clear();
    }

    private void Pass(TimeSpan time)
    {
        for (var end = _now + time; _now <= end; _now += Seconds(0.1)) _discovery.Tick(_now);
    }

    private void Hear(Announcement announcement) => Hear(announcement, Stranger, isOnLink: true);

    private void Hear(Announcement announcement, NetEndPoint from, bool isOnLink)
    {
        var bytes = new byte[Announcement.MaxLength];
        var length = AnnouncementWriter.Write(announcement, AddressFamily.InterNetwork, bytes);
        _discovery.Handle(bytes.AsSpan(0, length), from, isOnLink, _now);
    }

    private static NetEndPoint At(string address, int port) => new(IPAddress.Parse(address), port);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
