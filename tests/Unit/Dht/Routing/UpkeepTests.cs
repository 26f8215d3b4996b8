using System.Net;
using Shoal.Core;
using Shoal.Dht.Routing;
using Xunit;

namespace Shoal.Unit.Dht.Routing;

public sealed class UpkeepTests
{
    private readonly Random _random = new(1);
    private readonly Upkeep _upkeep;

    public UpkeepTests() => _upkeep = new Upkeep(new RoutingTable(NodeId.Random(_random)), _random, TimeSpan.Zero);

    [Fact]
    public void MeetsNobodyTwiceWithinHalfAMinute()
    {
        Assert.True(Meets(1, TimeSpan.Zero));
        Assert.False(Meets(1, TimeSpan.FromSeconds(29)));
        Assert.True(Meets(1, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void MeetsNewcomer_AfterManyWhoMadeUpTheirAddresses()
    {
        for (var i = 0; i < 2000; i++) Meets(i, TimeSpan.FromMilliseconds(10 * i));

        Assert.True(Meets(5000, TimeSpan.FromSeconds(21)));
    }

    [Fact]
    public void MeetsSoManyASecond()
    {
        var met = 0;
        for (var i = 0; i < 1000; i++)
            if (Meets(i, TimeSpan.FromMilliseconds(i))) met++;

        Assert.Equal(100, met);
    }

    private bool Meets(int number, TimeSpan now) => _upkeep.ShouldMeet(NodeId.Random(_random), new NetEndPoint(new IPAddress([10, 0, (byte)(number >> 8), (byte)number]), 6881), now);
}
