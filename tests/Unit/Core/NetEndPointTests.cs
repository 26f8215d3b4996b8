using System.Net;
using System.Net.Sockets;
using CsCheck;
using Shoal.Core;
using Xunit;

namespace Shoal.Unit.Core;

public sealed class NetEndPointTests
{
    private static readonly Gen<byte[]> Compact = Gen.OneOf(Gen.Byte.Array[NetEndPoint.CompactLengthV4], Gen.Byte.Array[NetEndPoint.CompactLengthV6]);

    [Fact]
    public void WritesTheCompactFormItRead() => Compact.Sample(compact =>
    {
        Assert.True(NetEndPoint.TryReadCompact(compact, out var endPoint));

        var written = new byte[endPoint.CompactLength];
        endPoint.WriteCompact(written);
        Assert.Equal(compact, written);
        Assert.Equal(compact.Length == 18, endPoint.IsV6);
        Assert.Equal(compact.Length == 18 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, endPoint.Family);
        Assert.Equal(new IPAddress(compact.AsSpan(0, compact.Length - 2)), endPoint.Address);
        Assert.Equal(compact[^2] << 8 | compact[^1], endPoint.Port);
    });

    [Fact]
    public void IsMadeOfTheBytesOfItsAddress() => Compact.Sample(compact =>
    {
        var address = compact.AsSpan(0, compact.Length - 2);
        var endPoint = new NetEndPoint(address, compact[^2] << 8 | compact[^1]);

        Span<byte> written = stackalloc byte[address.Length];
        endPoint.WriteAddress(written);
        Assert.Equal(NetEndPoint.From(new IPEndPoint(new IPAddress(address), endPoint.Port)), endPoint);
        Assert.Equal(address, written);
    });

    [Fact]
    public void TakesMappedAddressForIPv4_WhenMadeOfBytes() =>
        Assert.Equal("1.2.3.4:9", new NetEndPoint(IPAddress.Parse("::ffff:1.2.3.4").GetAddressBytes(), 9).ToString());

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(17)]
    public void RefusesAddressesOfOtherLengths(int length) => Assert.Throws<ArgumentException>(() => new NetEndPoint(new byte[length], 9));

    [Fact]
    public void ReadsWhatItPrints() => Compact.Sample(compact =>
        NetEndPoint.TryReadCompact(compact, out var endPoint)
        && NetEndPoint.TryParse(endPoint.ToString(), out var parsed) && parsed == endPoint
        && NetEndPoint.From(endPoint.ToIPEndPoint()) == endPoint);

    [Fact]
    public void RefusesCompactFormsOfOtherLengths() => Gen.Byte.Array[0, 40].Sample(bytes =>
        NetEndPoint.TryReadCompact(bytes, out _) == bytes.Length is 6 or 18);

    [Fact]
    public void ParsesOrRefusesAnyText() => Gen.OneOf(Gen.String[0, 24], Gen.String[Gen.Char["0123456789.:[]%/abfx "], 0, 24]).Sample(text =>
    {
        if (NetEndPoint.TryParse(text, out var endPoint)) Assert.True(NetEndPoint.TryParse(endPoint.ToString(), out var again) && again == endPoint);
    });

    [Theory]
    [InlineData("1.2.3.4:9", "1.2.3.4:9")]
    [InlineData("[::1]:9", "[::1]:9")]
    [InlineData("[2001:DB8::0:1]:65535", "[2001:db8::1]:65535")]
    [InlineData("[::ffff:1.2.3.4]:9", "1.2.3.4:9")]
    [InlineData("0.0.0.0:0", "0.0.0.0:0")]
    public void Parses(string text, string expected)
    {
        Assert.True(NetEndPoint.TryParse(text, out var endPoint));
        Assert.Equal(expected, endPoint.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":9")]
    [InlineData("1.2.3.4")]
    [InlineData("1.2.3.4:")]
    [InlineData("1.2.3.4:65536")]
    [InlineData("1.2.3.4:-1")]
    [InlineData("1.2.3.4:+1")]
    [InlineData("1.2.3.4: 1")]
    [InlineData("1:9")]
    [InlineData("127.1:9")]
    [InlineData("010.0.0.1:9")]
    [InlineData("0x7f000001:9")]
    [InlineData("2130706433:9")]
    [InlineData("example.org:9")]
    [InlineData("[1.2.3.4]:9")]
    [InlineData("::1:9")]
    [InlineData("[::1]")]
    [InlineData("[::1")]
    [InlineData("[]:9")]
    [InlineData("[[::1]]:9")]
    [InlineData("[[::1]:80]:9")]
    [InlineData("[fe80::1%1]:9")]
    [InlineData("[::1/64]:9")]
    public void Refuses(string? text) => Assert.False(NetEndPoint.TryParse(text, out _));

    [Theory]
    [InlineData("0.0.0.0", NetworkScope.None)]
    [InlineData("0.1.2.3", NetworkScope.None)]
    [InlineData("224.0.0.1", NetworkScope.None)]
    [InlineData("239.192.152.143", NetworkScope.None)]
    [InlineData("255.255.255.255", NetworkScope.None)]
    [InlineData("127.0.0.1", NetworkScope.Loopback)]
    [InlineData("127.255.255.254", NetworkScope.Loopback)]
    [InlineData("169.254.0.1", NetworkScope.LinkLocal)]
    [InlineData("169.253.255.255", NetworkScope.Global)]
    [InlineData("10.0.0.1", NetworkScope.Private)]
    [InlineData("172.16.0.1", NetworkScope.Private)]
    [InlineData("172.31.255.255", NetworkScope.Private)]
    [InlineData("172.32.0.0", NetworkScope.Global)]
    [InlineData("172.15.255.255", NetworkScope.Global)]
    [InlineData("192.168.0.1", NetworkScope.Private)]
    [InlineData("192.169.0.1", NetworkScope.Global)]
    [InlineData("100.64.0.1", NetworkScope.Private)]
    [InlineData("100.127.255.255", NetworkScope.Private)]
    [InlineData("100.128.0.0", NetworkScope.Global)]
    [InlineData("100.63.255.255", NetworkScope.Global)]
    [InlineData("223.255.255.255", NetworkScope.Global)]
    [InlineData("::", NetworkScope.None)]
    [InlineData("ff02::1", NetworkScope.None)]
    [InlineData("::1", NetworkScope.Loopback)]
    [InlineData("fe80::1", NetworkScope.LinkLocal)]
    [InlineData("febf::1", NetworkScope.LinkLocal)]
    [InlineData("fc00::1", NetworkScope.Private)]
    [InlineData("fdff::1", NetworkScope.Private)]
    [InlineData("2001:4860::1", NetworkScope.Global)]
    [InlineData("::ffff:127.0.0.1", NetworkScope.Loopback)]
    [InlineData("::ffff:10.0.0.1", NetworkScope.Private)]
    public void KnowsHowFarAnAddressReaches(string address, NetworkScope scope) => Assert.Equal(scope, At(address, 9).Scope);

    [Theory]
    [InlineData("127.0.0.1", NetworkScope.Loopback, true)]
    [InlineData("127.0.0.1", NetworkScope.Private, false)]
    [InlineData("127.0.0.1", NetworkScope.Global, false)]
    [InlineData("10.0.0.1", NetworkScope.Loopback, true)]
    [InlineData("10.0.0.1", NetworkScope.Private, true)]
    [InlineData("10.0.0.1", NetworkScope.Global, false)]
    [InlineData("169.254.1.1", NetworkScope.Private, false)]
    [InlineData("8.8.8.8", NetworkScope.Global, true)]
    [InlineData("8.8.8.8", NetworkScope.Loopback, true)]
    [InlineData("224.0.0.1", NetworkScope.None, false)]
    [InlineData("0.0.0.0", NetworkScope.None, false)]
    public void IsDropped_WhenNarrowerThanWhereItWasLearnt(string address, NetworkScope learntFrom, bool usable)
    {
        Assert.Equal(usable, At(address, 9).IsUsableFrom(learntFrom));
        Assert.False(At(address, 0).IsUsableFrom(learntFrom));
    }

    [Fact]
    public void TakesMappedAddressesForWhatTheyAre()
    {
        var mapped = At("::ffff:1.2.3.4", 9);

        Assert.Equal(At("1.2.3.4", 9), mapped);
        Assert.False(mapped.IsV6);
        Assert.Equal(NetEndPoint.CompactLengthV4, mapped.CompactLength);
    }

    [Fact]
    public void TellsAnIPv4AddressFromTheIPv6AddressOfTheSameNumber()
    {
        Assert.NotEqual(At("1.2.3.4", 9), At("::1.2.3.4", 9));
        Assert.False(At("1.2.3.4", 9).SameAddress(At("::1.2.3.4", 9)));
        Assert.True(At("1.2.3.4", 9).SameAddress(At("1.2.3.4", 10)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65536)]
    public void RefusesPortsThatDoNotExist(int port)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => At("1.2.3.4", port));
        Assert.Throws<ArgumentOutOfRangeException>(() => At("1.2.3.4", 9).WithPort(port));
        Assert.Equal(65535, At("1.2.3.4", 9).WithPort(65535).Port);
    }

    private static NetEndPoint At(string address, int port) => new(IPAddress.Parse(address), port);

    [Theory]
    [InlineData("8.8.8.8:53", "8.8.8.0:0")]
    [InlineData("[2001:db8:1:2345:6::7]:53", "[2001:db8:1:2300::]:0")]
    [InlineData("10.1.2.3:53", "10.1.2.3:53")]
    [InlineData("127.0.0.1:53", "127.0.0.1:53")]
    [InlineData("[fe80::1]:53", "[fe80::1]:53")]
    [InlineData("[fd00::1]:53", "[fd00::1]:53")]
    public void SpeaksForItsRange_WhenItIsGlobal(string text, string range)
    {
        Assert.True(NetEndPoint.TryParse(text, out var endPoint));

        Assert.Equal(range, endPoint.Range.ToString());
    }
}
