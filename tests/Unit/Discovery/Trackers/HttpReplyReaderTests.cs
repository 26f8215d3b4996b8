using System.Net;
using System.Text;
using CsCheck;
using Shoal.Core;
using Shoal.Discovery.Trackers;
using Shoal.Discovery.Trackers.Http;
using Xunit;

namespace Shoal.Unit.Discovery.Trackers;

public sealed class HttpReplyReaderTests
{
    private static readonly byte[][] Words = [.. new[]
    {
        "d", "e", "l", "i", "i0e", "i-1e", "i9223372036854775807e", "0:", "5:peers", "6:peers6", "8:interval", "12:min interval", "14:failure reason", "8:retry in", "5:never", "15:warning message",
        "10:tracker id", "8:complete", "10:incomplete", "11:external ip", "5:files", "2:ip", "4:port", "9:127.0.0.1", "3:::1", "6:\u0001\u0002\u0003\u0004\u0005\u0006", "20:01234567890123456789",
    }.Select(Encoding.Latin1.GetBytes)];

    [Fact]
    public void ReadsEveryField()
    {
        var reply = Read("d8:completei7e11:external ip4:\u0008\u0008\u0004\u000410:incompletei9e8:intervali1800e12:min intervali60e5:peers12:\u0001\u0002\u0003\u0004\u001A\u00E1\u0005\u0006\u0007\u0008\u0000\u00506:peers618:\u0020\u0001\u000d\u00b8\0\0\0\0\0\0\0\0\0\0\0\u0001\u001a\u00e110:tracker id3:a\0b15:warning message5:takese");

        Assert.Null(reply.Failure);
        Assert.Equal((7, 9), (reply.Seeds, reply.Downloaders));
        Assert.Equal((TimeSpan.FromSeconds(1800), TimeSpan.FromSeconds(60)), (reply.Interval, reply.MinInterval));
        Assert.Equal(["1.2.3.4:6881", "5.6.7.8:80", "[2001:db8::1]:6881"], reply.Peers.Select(p => p.ToString()));
        Assert.Equal("a\0b"u8.ToArray(), reply.TrackerId.ToArray());
        Assert.Equal("takes", reply.Warning);
        Assert.Equal(IPAddress.Parse("8.8.4.4"), reply.ExternalAddress);
    }

    [Fact]
    public void ReadsPeersThatAreNotCompact_ButNoNames()
    {
        var reply = Read("d5:peersld2:ip7:1.2.3.47:peer id20:012345678901234567894:porti6881eed2:ip11:example.com4:porti1eed2:ip3:::14:porti2eed2:ip7:1.2.3.44:porti0eed4:porti9eei5eee");

        Assert.Equal(["1.2.3.4:6881", "[::1]:2"], reply.Peers.Select(p => p.ToString()));
    }

    [Theory]
    [InlineData("d14:failure reason9:go\u001b[31m \n8:retry ini5ee", "go [31m", 5)]
    [InlineData("d14:failure reason2:no8:retry in1:7e", "no", 7)]
    [InlineData("d14:failure reason0:8:intervali5ee", "it refused, without a reason", null)]
    public void ReadsAFailure(string body, string reason, int? minutes)
    {
        var reply = Read(body);

        Assert.Equal(reason, reply.Failure);
        Assert.Equal(minutes is { } m ? TimeSpan.FromMinutes(m) : null, reply.RetryIn);
    }

    [Fact]
    public void ReadsNever() => Assert.Equal(Timeout.InfiniteTimeSpan, Read("d14:failure reason2:no8:retry in5:nevere").RetryIn);

    [Fact]
    public void CutsWordsThatAreLong()
    {
        var reply = Read($"d14:failure reason5000:{new string('x', 5000)}e");

        Assert.Equal(TrackerText.MaxLength, reply.Failure!.Length);
    }

    [Fact]
    public void TakesNoMorePeersThanItsBound()
    {
        var reply = Read($"d5:peers60000:{new string('\u0001', 60000)}e");

        Assert.Equal(HttpReplyReader.MaxPeers, reply.Peers.Count);
    }

    [Theory]
    [InlineData("d8:interval4:soon5:peersi5e8:completele10:incompletei-3ee")]
    [InlineData("d5:peers5:abcde6:peers617:0123456789abcdefge")]
    [InlineData("de")]
    public void PassesOverWhatItCannotUse(string body)
    {
        var reply = Read(body);

        Assert.Empty(reply.Peers);
        Assert.Null(reply.Failure);
        Assert.Null(reply.Interval);
        Assert.Null(reply.Seeds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("i5e")]
    [InlineData("d5:peers")]
    [InlineData("d8:intervali5e")]
    [InlineData("d8:intervali05ee")]
    public void RefusesWhatIsNoReply(string body) => Assert.False(HttpReplyReader.TryReadAnnounce(Encoding.Latin1.GetBytes(body), out _));

    [Fact]
    public void ReadsAScrape_InTheOrderAskedFor()
    {
        Hash160 one = new("aaaaaaaaaaaaaaaaaaaa"u8), two = new("bbbbbbbbbbbbbbbbbbbb"u8), unknown = new("cccccccccccccccccccc"u8);
        var body = "d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei1e10:downloadedi2e10:incompletei3ee20:bbbbbbbbbbbbbbbbbbbbd8:completei4eeee"u8;

        Assert.True(HttpReplyReader.TryReadScrape(body, [two, unknown, one], out var counts));

        Assert.Equal([new ScrapeCounts(4, 0, 0), null, new ScrapeCounts(1, 3, 2)], counts);
        Assert.False(HttpReplyReader.TryReadScrape("de"u8, [one], out _));
    }

    [Fact]
    public void NeverThrows_WhateverTheBytes() => Gen.OneOf(Gen.Byte.Array[0, 200], Gen.Int[0, Words.Length - 1].Array[0, 30].Select(words => words.SelectMany(w => Words[w]).ToArray()))
        .Sample(body =>
        {
            if (HttpReplyReader.TryReadAnnounce(body, out var reply))
            {
                Assert.True(reply.Peers.Count <= body.Length);
                Assert.All(reply.From(NetworkScope.Global).Peers, p => Assert.Equal(NetworkScope.Global, p.Scope));
            }

            HttpReplyReader.TryReadScrape(body, [default, new Hash160("01234567890123456789"u8)], out var counts);
            Assert.Equal(2, counts.Length);
        });

    [Fact]
    public void DropsPeersOfANarrowerScopeThanTheTracker()
    {
        var reply = new AnnounceReply { Peers = [.. new[] { "127.0.0.1:1", "10.0.0.1:1", "8.8.8.8:1", "8.8.8.8:0", "224.0.0.1:1", "[fe80::1]:1", "8.8.8.8:1" }.Select(Parse)] };

        Assert.Equal(["8.8.8.8:1"], reply.From(NetworkScope.Global).Peers.Select(p => p.ToString()));
        Assert.Equal(["10.0.0.1:1", "8.8.8.8:1"], reply.From(NetworkScope.Private).Peers.Select(p => p.ToString()));
        Assert.Equal(4, reply.From(NetworkScope.Loopback).Peers.Count);
    }

    private static NetEndPoint Parse(string text) => NetEndPoint.TryParse(text, out var endPoint) ? endPoint : throw new ArgumentException(text);

    private static AnnounceReply Read(string body)
    {
        Assert.True(HttpReplyReader.TryReadAnnounce(Encoding.Latin1.GetBytes(body), out var reply));
        return reply;
    }
}
