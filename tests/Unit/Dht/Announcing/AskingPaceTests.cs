using System.Net;
using Shoal.Core;
using Shoal.Dht.Announcing;
using Xunit;

namespace Shoal.Unit.Dht.Announcing;

public sealed class AskingPaceTests
{
    private readonly AskingPace _pace = new();

    [Fact]
    public void AsksGlobalAddressAtItsPace_WhateverThePort()
    {
        _pace.Asked(Parse("8.8.8.8:1"), isOwnKind: false, TimeSpan.Zero);

        Assert.False(_pace.Allows(Parse("8.8.8.8:2"), TimeSpan.FromMilliseconds(249)));
        Assert.True(_pace.Allows(Parse("8.8.8.8:2"), TimeSpan.FromMilliseconds(250)));
        Assert.True(_pace.Allows(Parse("8.8.8.9:1"), TimeSpan.Zero));
    }

    [Fact]
    public void AsksOurOwnKindMoreOften_AndNearOnesFreely()
    {
        _pace.Asked(Parse("8.8.8.8:1"), isOwnKind: true, TimeSpan.Zero);
        _pace.Asked(Parse("10.0.0.1:1"), isOwnKind: false, TimeSpan.Zero);

        Assert.True(_pace.Allows(Parse("8.8.8.8:1"), TimeSpan.FromMilliseconds(20)));
        Assert.True(_pace.Allows(Parse("10.0.0.1:1"), TimeSpan.Zero));
    }

    [Fact]
    public void MakesUpForWhatWentOutBeforeItsTime()
    {
        _pace.Asked(Parse("8.8.8.8:1"), isOwnKind: false, TimeSpan.Zero);
        _pace.Asked(Parse("8.8.8.8:1"), isOwnKind: false, TimeSpan.FromMilliseconds(10));

        Assert.False(_pace.Allows(Parse("8.8.8.8:1"), TimeSpan.FromMilliseconds(499)));
        Assert.True(_pace.Allows(Parse("8.8.8.8:1"), TimeSpan.FromMilliseconds(500)));
    }

    [Fact]
    public void ForgetsThoseThatMayBeAskedAgain()
    {
        for (var i = 0; i < 10_000; i++) _pace.Asked(new NetEndPoint(new IPAddress([8, 8, (byte)(i >> 8), (byte)i]), 1), isOwnKind: false, TimeSpan.FromMilliseconds(i));

        Assert.InRange(_pace.Count, 250, 1024);
    }

    private static NetEndPoint Parse(string text)
    {
        Assert.True(NetEndPoint.TryParse(text, out var endPoint));
        return endPoint;
    }
}
