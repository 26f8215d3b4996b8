using System.Text;
using CsCheck;
using Shoal.Core;
using Shoal.Discovery.Trackers;
using Shoal.Discovery.Trackers.Http;
using Shoal.Discovery.Trackers.Udp;
using Xunit;

namespace Shoal.Unit.Discovery.Trackers;

public sealed class UdpMessagesTests
{
    private static readonly Hash160 Torrent = new("aaaaaaaaaaaaaaaaaaaa"u8);

    [Fact]
    public void WritesTheBytesOfTheSpecification()
    {
        var buffer = new byte[UdpTrackerWriter.MaxLength];
        var request = new AnnounceRequest
        {
            Torrent = Torrent,
            PeerId = new PeerId(new Hash160("bbbbbbbbbbbbbbbbbbbb"u8)),
            Port = 9000,
            Counts = new AnnounceCounts(Uploaded: 1, Downloaded: 2, Left: 3),
            Event = AnnounceEvent.Started,
            Wanted = 50,
            Key = 0xABCD,
        };

        Assert.Equal("0000041727101980" + "00000000" + "00000007", Hex(UdpTrackerWriter.WriteConnect(buffer, 7)));
        Assert.Equal(
            "1122334455667788" + "00000001" + "00000007" + Repeat("61") + Repeat("62") + "0000000000000002" + "0000000000000003" + "0000000000000001"
            + "00000002" + "00000000" + "0000abcd" + "00000032" + "2328" + "02" + "02" + "2f78",
            Hex(UdpTrackerWriter.WriteAnnounce(buffer, 0x1122334455667788, 7, request, "/x")));
        Assert.Equal("1122334455667788" + "00000002" + "00000007" + Repeat("61") + Repeat("61"), Hex(UdpTrackerWriter.WriteScrape(buffer, 0x1122334455667788, 7, [Torrent, Torrent])));

        string Hex(int length) => Convert.ToHexStringLower(buffer.AsSpan(0, length));
        static string Repeat(string pair) => string.Concat(Enumerable.Repeat(pair, 20));
    }

    [Theory]
    [InlineData(0, 98)]
    [InlineData(255, 98 + 257)]
    [InlineData(256, 98 + 257 + 3)]
    [InlineData(TrackerUrl.MaxLength, 98 + 8 * 257 + 2 + 8)]
    public void WritesUrlDataInParts(int length, int total)
    {
        var buffer = new byte[UdpTrackerWriter.MaxLength];
        var request = new AnnounceRequest { Torrent = Torrent, PeerId = default };

        Assert.Equal(total, UdpTrackerWriter.WriteAnnounce(buffer, 0, 0, request, new string('x', length)));
    }

    [Fact]
    public void ReadsAnAnnounce_OfEitherFamily()
    {
        var v4 = Convert.FromHexString("00000708" + "00000002" + "00000003" + "010203041ae1" + "050607080050" + "0102");
        var v6 = Convert.FromHexString("00000708" + "00000002" + "00000003" + "20010db80000000000000000000000011ae1");

        Assert.True(UdpReplyReader.TryReadAnnounce(v4, isV6: false, out var reply));
        Assert.True(UdpReplyReader.TryReadAnnounce(v6, isV6: true, out var other));

        Assert.Equal((TimeSpan.FromMinutes(30), 2, 3), (reply.Interval, reply.Downloaders, reply.Seeds));
        Assert.Equal(["1.2.3.4:6881", "5.6.7.8:80"], reply.Peers.Select(p => p.ToString()));
        Assert.Equal(["[2001:db8::1]:6881"], other.Peers.Select(p => p.ToString()));
        Assert.False(UdpReplyReader.TryReadAnnounce(v4.AsSpan(0, 11), isV6: false, out _));
    }

    [Fact]
    public void ReadsAScrape()
    {
        var counts = new ScrapeCounts[2];

        Assert.True(UdpReplyReader.TryReadScrape(Convert.FromHexString("000000010000000200000003ffffffff0000000500000006"), counts));

        Assert.Equal([new ScrapeCounts(1, 3, 2), new ScrapeCounts(0, 6, 5)], counts);
        Assert.False(UdpReplyReader.TryReadScrape(new byte[23], counts));
    }

    [Fact]
    public void NeverThrows_WhateverTheBytes() => Gen.Byte.Array[0, 100].Sample(bytes =>
    {
        var isRead = UdpReplyReader.TryReadHead(bytes, out _, out _, out var payload);
        Assert.Equal(bytes.Length >= 8, isRead);
        Assert.Equal(payload.Length >= 8, UdpReplyReader.TryReadConnect(payload, out _));
        foreach (var isV6 in new[] { false, true })
        {
            if (UdpReplyReader.TryReadAnnounce(payload, isV6, out var reply)) Assert.InRange(reply.Peers.Count, 0, HttpReplyReader.MaxPeers);
        }

        Assert.NotEmpty(UdpReplyReader.ReadError(payload));
    });

    [Fact]
    public void MakesWordsHarmless() => Assert.Equal("a b", TrackerText.Clean(Encoding.UTF8.GetBytes("\u001b\u202ea\nb\0")));
}
