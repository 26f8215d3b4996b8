using Shoal.Cli.Arguments;
using Xunit;

namespace Shoal.Unit.Cli;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("123", 123)]
    [InlineData("5MB", 5_000_000)]
    [InlineData("5MiB", 5 * 1048576)]
    [InlineData("5M", 5_000_000)]
    [InlineData("5 mb", 5_000_000)]
    [InlineData("1.5k", 1500)]
    [InlineData("2G", 2_000_000_000)]
    [InlineData("16KiB", 16384)]
    [InlineData("7B", 7)]
    [InlineData("1TiB", 1L << 40)]
    public void ReadsSizes(string text, long bytes)
    {
        Assert.True(Quantity.TryReadSize(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("-1")]
    [InlineData("5XB")]
    [InlineData("5Mi")]
    [InlineData("5MBB")]
    [InlineData("1e9")]
    [InlineData("99999999999999T")]
    [InlineData("1..5k")]
    public void RefusesWhatIsNoSize(string text) => Assert.False(Quantity.TryReadSize(text, out _));

    [Fact]
    public void ReadsRatesWithAndWithoutPerSecond()
    {
        Assert.True(Quantity.TryReadRate("5MB/s", out var with));
        Assert.True(Quantity.TryReadRate("5MB", out var without));

        Assert.Equal((5_000_000, 5_000_000), (with, without));
    }

    [Theory]
    [InlineData("10.0.0.5:9000", true)]
    [InlineData("[::1]:9", true)]
    [InlineData("node.example:8468", true)]
    [InlineData("localhost:1", true)]
    [InlineData("10.0.0.5", false)]
    [InlineData("::1:9", false)]
    [InlineData("host:0", false)]
    [InlineData("host:70000", false)]
    [InlineData(":9", false)]
    [InlineData("[::1:9", false)]
    [InlineData("a b:9", false)]
    public void TellsWhatIsAHostAndPort(string text, bool valid) => Assert.Equal(valid, HostPort.IsValid(text));
}
