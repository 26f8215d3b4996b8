using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Shoal.Core;
using Shoal.Discovery.Local;
using Xunit;

namespace Shoal.Unit.Discovery;

public sealed class AnnouncementTests
{
    private const string A = "0123456789abcdef0123456789abcdef01234567";
    private const string B = "89abcdef0123456789abcdef0123456789abcdef";

    private static readonly string[] Datagrams =
    [
        $"BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: {A}\r\ncookie: 7f\r\n\r\n\r\n",
        $"BT-SEARCH * HTTP/1.1\nPORT:9000\nINFOHASH:{A}\nX-Other: 1\ninfohash: {B}\nDht-Port: 8468\nWanted: {B}\n\n",
    ];

    [Fact]
    public void RendezvousIsTheHashOfItsPhrase() =>
        Assert.Equal(new Hash160(SHA256.HashData(Encoding.ASCII.GetBytes(Rendezvous.Phrase)).AsSpan(0, Hash160.Length)), Rendezvous.Key);

    [Fact]
    public void WritesTheBytesOfTheSpecification() =>
        Assert.Equal(Datagrams[0], Write(new Announcement { Port = 6881, Torrents = [Name(A)], Cookie = "7f" }, AddressFamily.InterNetwork));

    [Fact]
    public void WritesWhatIsOurs_AfterTheTorrents() =>
        Assert.Equal(
            $"BT-SEARCH * HTTP/1.1\r\nHost: [ff15::efc0:988f]:6771\r\nInfohash: {A}\r\nInfohash: a1c03e4c857c1b1e60692d765512a9a6c2ec8aec\r\nDht-Port: 8468\r\nWanted: {B}\r\n\r\n\r\n",
            Write(new Announcement { Torrents = [Name(A)], IsRendezvous = true, DhtPort = 8468, Wanted = [Name(B)] }, AddressFamily.InterNetworkV6));

    [Fact]
    public void FitsAFrame_WhenItIsFullest()
    {
        var fullest = new Announcement
        {
            Port = ushort.MaxValue,
            DhtPort = ushort.MaxValue,
            IsRendezvous = true,
            Cookie = new string('x', Announcement.MaxCookieLength),
            Torrents = [.. Enumerable.Repeat(Name(A), Announcement.MaxNames)],
        };

        Assert.InRange(Write(fullest, AddressFamily.InterNetworkV6).Length, 1000, Announcement.MaxLength);
    }

    [Fact]
    public void ReadsWhatItWrites()
    {
        var written = new Announcement { Port = 1, DhtPort = 2, IsRendezvous = true, Cookie = "c", Torrents = [Name(A), Name(B)], Wanted = [Name(B)] };

        var read = Read(Write(written, AddressFamily.InterNetwork));

        Assert.NotNull(read);
        Assert.Equal(written with { Torrents = read.Torrents, Wanted = read.Wanted }, read);
        Assert.Equal(written.Torrents, read.Torrents);
        Assert.Equal(written.Wanted, read.Wanted);
    }

    [Fact]
    public void ReadsHeadersInAnyCaseAndOrder_AndPassesOverOthers()
    {
        var read = Read(Datagrams[1]);

        Assert.NotNull(read);
        Assert.Equal((9000, 8468, "", false), (read.Port, read.DhtPort, read.Cookie, read.IsRendezvous));
        Assert.Equal([Name(A), Name(B)], read.Torrents);
        Assert.Equal([Name(B)], read.Wanted);
    }

    [Theory]
    [InlineData("Infohash: 0123")]
    [InlineData("Infohash:")]
    [InlineData("Infohash: zz23456789abcdef0123456789abcdef01234567")]
    [InlineData("Infohash: 0123456789abcdef0123456789abcdef012345670123456789abcdef01234567")]
    [InlineData("no header at all")]
    [InlineData(": nothing")]
    [InlineData("\r\nInfohash: 89abcdef0123456789abcdef0123456789abcdef")]
    public void PassesOverLinesThatSayNothing(string line)
    {
        var read = Read($"BT-SEARCH * HTTP/1.1\r\nInfohash: {A}\r\n{line}\r\n\r\n");

        Assert.NotNull(read);
        Assert.Equal([Name(A)], read.Torrents);
    }

    [Theory]
    [InlineData("")]
    [InlineData("BT-SEARCH")]
    [InlineData("GET / HTTP/1.1\r\nPort: 1\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: x\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: \r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: -1\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 65536\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 99999999999999\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 1 2\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nDht-Port: 0x10\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nCookie: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0\r\n\r\n")]
    public void RefusesWhatIsWrong(string datagram) => Assert.Null(Read(datagram));

    [Fact]
    public void RefusesWhatIsTooLong()
    {
        var padding = Announcement.MaxLength - Datagrams[0].Length;

        Assert.NotNull(Read(Datagrams[0] + new string(' ', padding)));
        Assert.Null(Read(Datagrams[0] + new string(' ', padding + 1)));
    }

    [Fact]
    public void NeverThrows_WhateverTheBytes() =>
        Gen.Byte.Array[0, 1500].Sample(bytes => AnnouncementReader.TryRead(bytes, out _) || true);

    [Fact]
    public void NeverThrows_OnDamagedDatagrams() =>
        Gen.Select(Gen.Int[0, 1], Gen.Int[0, 300], Gen.Byte, Gen.Int[0, 300]).Sample((which, at, value, length) =>
        {
            var bytes = Encoding.Latin1.GetBytes(Datagrams[which]);
            bytes[at % bytes.Length] = value;
            AnnouncementReader.TryRead(bytes, out _);
            AnnouncementReader.TryRead(bytes.AsSpan(0, length % bytes.Length), out _);
        });

    private static Hash160 Name(string hex) => Hash160.TryParse(hex, out var name) ? name : throw new FormatException(hex);

    private static Announcement? Read(string datagram) => AnnouncementReader.TryRead(Encoding.Latin1.GetBytes(datagram), out var read) ? read : null;

    private static string Write(Announcement announcement, AddressFamily family)
    {
        var bytes = new byte[Announcement.MaxLength];
        return Encoding.Latin1.GetString(bytes, 0, AnnouncementWriter.Write(announcement, family, bytes));
    }
}
