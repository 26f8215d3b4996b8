using System.Net;
using Shoal.Core;
using Shoal.Dht.Routing;
using Xunit;

namespace Shoal.Unit.Dht.Routing;

public sealed class ExternalAddressTests
{
    private static readonly NetEndPoint Ours = Parse("203.0.113.5", 8468);

    private readonly ExternalAddress _external = new();

    [Fact]
    public void BelievesNobodyAlone()
    {
        Assert.False(_external.Vote(Parse("8.8.8.8", 1), Ours));
        Assert.False(_external.Vote(Parse("8.8.9.8", 1), Ours));
        Assert.Null(_external.Agreed);

        Assert.True(_external.Vote(Parse("8.8.10.8", 1), Ours));
        Assert.Equal(Ours, _external.Agreed);
    }

    [Fact]
    public void HearsOneVoiceOfRange()
    {
        for (var i = 1; i < 200; i++) _external.Vote(Parse($"8.8.8.{i}", i), Parse("6.6.6.6", 1));

        Assert.Null(_external.Agreed);
    }

    [Fact]
    public void FollowsWhenMostSeeUsElsewhere()
    {
        for (var i = 1; i <= 4; i++) _external.Vote(Parse($"8.8.{i}.8", 1), Ours);
        var moved = Parse("198.51.100.7", 8468);

        for (var i = 1; i <= 4; i++) _external.Vote(Parse($"8.8.{i}.8", 1), moved);

        Assert.Equal(moved, _external.Agreed);
    }

    [Fact]
    public void KnowsItsOwn_OnceAnybodyHasSaid()
    {
        Assert.True(_external.MayBeOurs(Parse("6.6.6.6", 1)));
        _external.Vote(Parse("8.8.8.8", 1), Ours);

        Assert.True(_external.MayBeOurs(Ours.WithPort(1)));
        Assert.False(_external.MayBeOurs(Parse("6.6.6.6", 1)));
    }

    private static NetEndPoint Parse(string address, int port) => new(IPAddress.Parse(address), port);
}
