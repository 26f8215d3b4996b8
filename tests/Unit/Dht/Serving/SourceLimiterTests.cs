using Shoal.Core;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

public sealed class SourceLimiterTests
{
    private readonly SourceLimiter _limiter = new(slots: 4096, perGlobalSource: 2, perLocalSource: 3, new Random(1));

    [Theory]
    [InlineData("8.8.8.8:1", "8.8.8.9:2", 2)]
    [InlineData("[2001:db8::1]:1", "[2001:db8:0:ff::1]:2", 2)]
    [InlineData("10.0.0.1:1", "10.0.0.1:1", 3)]
    public void CountsTogether_WhatMayBeOneOwner(string first, string second, int allowed)
    {
        for (var i = 0; i < allowed; i++) Assert.True(_limiter.Allows(Parse(first), TimeSpan.Zero));

        Assert.False(_limiter.Allows(Parse(second), TimeSpan.Zero));
        Assert.True(_limiter.Allows(Parse(second), TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData("8.8.8.8:1", "8.8.9.8:1")]
    [InlineData("10.0.0.1:1", "10.0.0.1:2")]
    public void CountsApart_WhatIsNot(string first, string second)
    {
        for (var i = 0; i < 3; i++) _limiter.Allows(Parse(first), TimeSpan.Zero);

        Assert.True(_limiter.Allows(Parse(second), TimeSpan.Zero));
    }

    private static NetEndPoint Parse(string text)
    {
        Assert.True(NetEndPoint.TryParse(text, out var endPoint));
        return endPoint;
    }
}
