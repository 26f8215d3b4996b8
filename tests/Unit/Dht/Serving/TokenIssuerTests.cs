using System.Net;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

public sealed class TokenIssuerTests
{
    private static readonly NetEndPoint Asker = new(IPAddress.Parse("10.0.0.1"), 6881);

    [Fact]
    public void AcceptsItsToken_FromAnyPortOfSameAddress()
    {
        var tokens = new TokenIssuer(new Random(1), TimeSpan.Zero);

        Assert.True(tokens.Accepts(Asker.WithPort(1), Issue(tokens)));
    }

    [Fact]
    public void RefusesToken_WhenAddressIsAnother()
    {
        var tokens = new TokenIssuer(new Random(1), TimeSpan.Zero);

        Assert.False(tokens.Accepts(new NetEndPoint(IPAddress.Parse("10.0.0.2"), 6881), Issue(tokens)));
    }

    [Fact]
    public void RefusesToken_WhenItIsStale()
    {
        var tokens = new TokenIssuer(new Random(1), TimeSpan.Zero);
        var token = Issue(tokens);

        tokens.Tick(TimeSpan.FromMinutes(5));
        Assert.True(tokens.Accepts(Asker, token));
        tokens.Tick(TimeSpan.FromMinutes(10));
        Assert.False(tokens.Accepts(Asker, token));
    }

    [Fact]
    public void RefusesToken_WhenClockHasJumped()
    {
        var tokens = new TokenIssuer(new Random(1), TimeSpan.Zero);
        var token = Issue(tokens);

        tokens.Tick(TimeSpan.FromMinutes(11));

        Assert.False(tokens.Accepts(Asker, token));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(1000)]
    public void RefusesToken_WhenItsLengthIsWrong(int length)
    {
        var tokens = new TokenIssuer(new Random(1), TimeSpan.Zero);

        Assert.False(tokens.Accepts(Asker, new byte[length]));
    }

    private static byte[] Issue(TokenIssuer tokens)
    {
        var token = new byte[TokenIssuer.TokenLength];
        tokens.Issue(Asker, token);
        return token;
    }
}
