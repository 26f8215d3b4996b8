using System.Net;
using Shoal.Core;
using Shoal.Discovery.Local;
using Shoal.Discovery.Sockets;
using Xunit;

namespace Shoal.Unit.Discovery;

public sealed class LocalBoundsTests
{
    private static readonly Hash160 Torrent = Hash160.Random(new Random(1));

    [Fact]
    public void SpeaksOnceAMinute_WhenNothingIsUrgent()
    {
        var pace = new AnnouncePace();

        Assert.True(pace.TryTake(Urgency.Routine, Seconds(0)));
        Assert.False(pace.TryTake(Urgency.Routine, Seconds(59)));
        Assert.True(pace.TryTake(Urgency.Routine, Seconds(60)));
    }

    [Fact]
    public void SpeaksABurst_AndThenEveryTenSeconds_WhenAllIsAskedFor()
    {
        var pace = new AnnouncePace();

        var said = Enumerable.Range(0, 600).Where(tenth => pace.TryTake(Urgency.Asked, Seconds(tenth / 10.0))).ToList();

        Assert.InRange(said.Count, AnnouncePace.Burst + 5, AnnouncePace.Burst + 7);
        Assert.Equal(AnnouncePace.Burst, said[AnnouncePace.Burst - 1] + 1);
    }

    [Fact]
    public void LeavesHalfOfABurstToAnswers()
    {
        var pace = new AnnouncePace();

        var said = Enumerable.Range(0, 20).Count(_ => pace.TryTake(Urgency.New, Seconds(1)));
        var answered = Enumerable.Range(0, 20).Count(_ => pace.TryTake(Urgency.Asked, Seconds(1)));

        Assert.Equal(1 + AnnouncePace.Burst - AnnouncePace.KeptForAnswers, said);
        Assert.Equal(AnnouncePace.KeptForAnswers, answered);
    }

    [Fact]
    public void HearsSoMuchOfOneSource_WhateverItsPort()
    {
        var limits = new SourceLimits(new Random(1));

        var heard = Enumerable.Range(1, 500).Count(port => limits.Allows(At("10.0.0.1", port), Seconds(1)));

        Assert.Equal(SourceLimits.PerSource, heard);
        Assert.True(limits.Allows(At("10.0.0.2", 1), Seconds(1)));
        Assert.True(limits.Allows(At("10.0.0.1", 1), Seconds(12)));
    }

    [Fact]
    public void HearsSoMuchOfAllSources()
    {
        var limits = new SourceLimits(new Random(1));

        var heard = Enumerable.Range(0, 5000).Count(i => limits.Allows(new NetEndPoint(new IPAddress([10, 0, (byte)(i / 250), (byte)(i % 250)]), 1), Seconds(1)));

        Assert.Equal(SourceLimits.Overall, heard);
    }

    [Fact]
    public void RemembersNeighbours_UntilTheyAreNotHeard()
    {
        var neighbours = new Neighbours();

        Assert.True(neighbours.Hear(Torrent, At("10.0.0.1", 1), "c", Seconds(0)));
        Assert.False(neighbours.Hear(Torrent, At("10.0.0.1", 1), "c", Seconds(300)));
        Assert.True(neighbours.Hear(Torrent, At("10.0.0.1", 1), "d", Seconds(300)));
        Assert.Equal([At("10.0.0.1", 1)], neighbours.Of(Torrent, Seconds(900)));
        Assert.Empty(neighbours.Of(Torrent, Seconds(1000)));
        Assert.True(neighbours.Hear(Torrent, At("10.0.0.1", 1), "c", Seconds(1000)));
    }

    [Fact]
    public void ForgetsTheOneNotHeardForLongest_WhenThereAreTooMany()
    {
        var neighbours = new Neighbours();
        for (var i = 0; i < Neighbours.MaxHeard; i++) neighbours.Hear(Torrent, At("10.0.0.1", i + 1), "", Seconds(0));
        neighbours.Hear(Torrent, At("10.0.0.1", 1), "", Seconds(1));

        neighbours.Hear(Torrent, At("10.0.0.2", 1), "", Seconds(2));

        Assert.Equal(Neighbours.MaxHeard, neighbours.Count);
        Assert.Contains(At("10.0.0.1", 1), neighbours.Of(Torrent, Seconds(2)));
        Assert.DoesNotContain(At("10.0.0.1", 2), neighbours.Of(Torrent, Seconds(2)));
    }

    [Theory]
    [InlineData("192.168.4.1", 22, "192.168.7.255", true)]
    [InlineData("192.168.4.1", 22, "192.168.8.0", false)]
    [InlineData("192.168.4.1", 0, "8.8.8.8", true)]
    [InlineData("192.168.4.1", 32, "192.168.4.1", true)]
    [InlineData("192.168.4.1", 24, "fd00::1", false)]
    [InlineData("2001:db8::1", 64, "2001:db8::ffff", true)]
    [InlineData("2001:db8::1", 64, "2001:db8:0:1::1", false)]
    public void KnowsItsSubnet(string ours, int prefix, string theirs, bool expected) =>
        Assert.Equal(expected, new LocalLink(1, IPAddress.Parse(ours), prefix).Contains(At(theirs, 1)));

    [Fact]
    public void OpensNothing_OnLoopback() => Assert.Empty(UdpMulticastSocket.Open([IPAddress.Parse("127.0.0.2"), IPAddress.IPv6Loopback], Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance));

    private static NetEndPoint At(string address, int port) => new(IPAddress.Parse(address), port);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
