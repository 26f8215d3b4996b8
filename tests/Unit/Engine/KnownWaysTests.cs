using System.Net;
using Shoal.Core;
using Shoal.Engine.Encryption;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class KnownWaysTests
{
    private static readonly NetEndPoint There = new(IPAddress.Loopback, 1);

    [Theory]
    [InlineData(EncryptionMode.Allow, false, true)]
    [InlineData(EncryptionMode.Prefer, true, false)]
    [InlineData(EncryptionMode.Require, true)]
    [InlineData(EncryptionMode.Off, false)]
    public void BeginsAsTheModeSays(EncryptionMode mode, params bool[] expected) => Assert.Equal(expected, new KnownWays(mode).To(There));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void KeepsToTheWayThatWorked_UntilItDoesNot(bool isEncrypted)
    {
        var ways = new KnownWays(EncryptionMode.Allow);

        ways.Remember(There, !isEncrypted);
        ways.Remember(There, isEncrypted);
        var known = ways.To(There);
        ways.Forget(There);

        Assert.Equal([isEncrypted], known);
        Assert.Equal([false, true], ways.To(There));
    }

    [Theory]
    [InlineData(EncryptionMode.Require, true)]
    [InlineData(EncryptionMode.Off, false)]
    public void IsNotMovedByMemories_WhereThereIsOneWay(EncryptionMode mode, bool only)
    {
        var ways = new KnownWays(mode);

        ways.Remember(There, !only);

        Assert.Equal([only], ways.To(There));
    }

    [Fact]
    public void ForgetsTheOldest_WhenThereAreTooMany()
    {
        var ways = new KnownWays(EncryptionMode.Allow);

        for (var port = 1; port <= KnownWays.MaxKnown + 10; port++) ways.Remember(There.WithPort(port), isEncrypted: true);

        Assert.Equal([false, true], ways.To(There.WithPort(10)));
        Assert.Equal([true], ways.To(There.WithPort(11)));
        Assert.Equal([true], ways.To(There.WithPort(KnownWays.MaxKnown + 10)));
    }
}
