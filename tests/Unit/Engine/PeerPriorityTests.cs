using System.Net;
using Shoal.Core;
using Shoal.Engine.Peers;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class PeerPriorityTests
{
    [Theory]
    [InlineData("98.76.54.32", 0xec2d7224)]
    [InlineData("123.213.32.234", 0x99568189)]
    public void GivesTheNumbersOfTheSpecification(string peer, uint expected)
    {
        Assert.Equal(expected, PeerPriority.Of(At("123.213.32.10"), At(peer)));
        Assert.Equal(expected, PeerPriority.Of(At(peer), At("123.213.32.10")));
    }

    [Fact]
    public void CannotBeChosenWithinANetwork()
    {
        var ours = At("123.213.32.10");

        Assert.Equal(PeerPriority.Of(ours, At("98.76.54.32")), PeerPriority.Of(ours, At("98.76.182.32")));
        Assert.Equal(PeerPriority.Of(At("2001:db8::1"), At("2a00:1:2:5555::7")), PeerPriority.Of(At("2001:db8::1"), At("2a00:1:2:ffff::7")));
        Assert.NotEqual(PeerPriority.Of(ours, At("98.76.54.32")), PeerPriority.Of(ours, At("98.77.54.32")));
    }

    [Fact]
    public void TellsPortsOfOneAddressApart_TheSameFromBothEnds()
    {
        var (one, other) = (At("10.0.0.1", 5), At("10.0.0.1", 6));

        Assert.Equal(PeerPriority.Of(one, other), PeerPriority.Of(other, one));
        Assert.NotEqual(PeerPriority.Of(one, other), PeerPriority.Of(one, other.WithPort(7)));
    }

    [Fact]
    public void BelievesItsOwnAddress_OnceTwoNetworksAgree()
    {
        var own = new OwnAddress();
        var (local, claimed, peer) = (At("192.168.0.2", 9000), At("123.213.32.10"), At("98.76.54.32"));

        own.Hear(At("5.5.5.5"), claimed);
        own.Hear(At("5.5.5.6"), claimed);
        own.Hear(At("192.168.0.9"), claimed);
        Assert.Equal(local, own.SeenBy(peer, local));
        own.Hear(At("6.6.6.6"), claimed);
        own.Hear(At("7.7.7.7"), At("10.0.0.1"));

        Assert.Equal(claimed.WithPort(9000), own.SeenBy(peer, local));
        Assert.Equal(local, own.SeenBy(At("192.168.0.9"), local));
        Assert.Equal(local, own.SeenBy(At("2001:db8::1"), local));
    }

    private static NetEndPoint At(string address, int port = 0) => new(IPAddress.Parse(address), port);
}
