using CsCheck;
using Shoal.Core;
using Shoal.Dht.Routing;
using Xunit;

namespace Shoal.Unit.Dht.Krpc;

/// <summary>The test vectors of BEP 42.</summary>
public sealed class Bep42VectorTests
{
    [Theory]
    [InlineData("124.31.75.21:1", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401")]
    [InlineData("21.75.31.124:1", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256")]
    [InlineData("65.23.51.170:1", "a5d43220bc8f112a3d426c84764f8c2a1150e616")]
    [InlineData("84.124.73.14:1", "1b0321dd1bb1fe518101ceef99462b947a01ff41")]
    [InlineData("43.213.53.83:1", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a")]
    public void AcceptsIdOfTheText_AndNoOther(string address, string id)
    {
        Assert.True(NodeIdRule.Accepts(Id(id), Parse(address)));
        Assert.False(NodeIdRule.Accepts(Id("00" + id[2..]), Parse(address)));
        Assert.False(NodeIdRule.Accepts(Id(id[..^1] + "7"), Parse(address)));
        Assert.False(NodeIdRule.Accepts(Id(id), Parse("8.8.8.8:1")));
    }

    [Fact]
    public void BindsTwentyOneBits()
    {
        Assert.True(NodeIdRule.Accepts(Id("5fbfb8f10c5d6a4ec8a88e4c6ab4c28b95eee401"), Parse("124.31.75.21:1")));
        Assert.False(NodeIdRule.Accepts(Id("5fbfb7f10c5d6a4ec8a88e4c6ab4c28b95eee401"), Parse("124.31.75.21:1")));
    }

    [Theory]
    [InlineData("124.31.75.21:1")]
    [InlineData("[2001:db8:85a3:1234::1]:1")]
    [InlineData("10.0.0.1:1")]
    public void AcceptsWhatItCreates(string address) =>
        Gen.Int.Sample(seed => NodeIdRule.Accepts(NodeIdRule.Create(Parse(address), new Random(seed)), Parse(address)));

    [Fact]
    public void BindsFirstHalfOfIPv6()
    {
        var id = NodeIdRule.Create(Parse("[2001:db8:85a3:1234::1]:1"), new Random(1));

        Assert.True(NodeIdRule.Accepts(id, Parse("[2001:db8:85a3:1234:ffff::2]:9")));
        Assert.False(NodeIdRule.Accepts(id, Parse("[2001:db8:85a3:1235::1]:1")));
    }

    [Theory]
    [InlineData("10.0.0.1:1")]
    [InlineData("127.0.0.1:1")]
    [InlineData("[fe80::1]:1")]
    [InlineData("[fd00::1]:1")]
    public void AcceptsAnyId_WhenAddressIsNear(string address) => Assert.True(NodeIdRule.Accepts(NodeId.Random(new Random(1)), Parse(address)));

    private static NodeId Id(string hex)
    {
        Assert.True(Hash160.TryParse(hex, out var id));
        return new NodeId(id);
    }

    private static NetEndPoint Parse(string text)
    {
        Assert.True(NetEndPoint.TryParse(text, out var endPoint));
        return endPoint;
    }
}
