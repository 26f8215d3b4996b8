using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Engine.WebSeeds;
using Shoal.Harness.Content;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class WebSeedUrlTests
{
    private const int Piece = 64 * 1024, Block = 16 * 1024;

    [Theory]
    [InlineData("http://a.example/pub/file.iso", "http://a.example/pub/file.iso")]
    [InlineData("http://a.example/get?id=7", "http://a.example/get?id=7")]
    [InlineData("http://a.example/pub/", "http://a.example/pub/a%20b%23.bin")]
    [InlineData("http://a.example", "http://a.example/a%20b%23.bin")]
    public void IsTheUrlItself_OrTheNameInAFolder(string seed, string expected)
    {
        var single = TorrentInfoWriter.Write("a b#.bin", Piece, [File(["a b#.bin"])]);

        Assert.Equal(expected, WebSeedUrl.Of(new Uri(seed), single, new FileIndex(0))?.AbsoluteUri);
    }

    [Theory]
    [InlineData("https://a.example/pub", "https://a.example/pub/my%20folder/d%3F/%C3%BC%25.txt")]
    [InlineData("https://a.example/pub/", "https://a.example/pub/my%20folder/d%3F/%C3%BC%25.txt")]
    [InlineData("https://a.example/pub?x=1", null)]
    public void IsUnderNameAndPath_OfAFolder(string seed, string? expected)
    {
        var folder = TorrentInfoWriter.Write("my folder", Piece, [File(["d?", "ü%.txt"])]);

        Assert.Equal(expected, WebSeedUrl.Of(new Uri(seed), folder, new FileIndex(0))?.AbsoluteUri);
    }

    [Theory]
    [InlineData("http://a.example/x", true)]
    [InlineData("https://[::1]:8080/", true)]
    [InlineData("ftp://a.example/x", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("http://user:word@a.example/", false)]
    [InlineData("http://a.example/#x", false)]
    [InlineData("a.example/x", false)]
    [InlineData("", false)]
    public void TakesWebServersAlone(string text, bool expected) => Assert.Equal(expected, WebSeedUrl.TryParse(text, out _));

    [Fact]
    public void AsksForARunOfAFileAtOnce()
    {
        var torrent = new SeededTorrent(1, Piece, 3 * Piece + 100, Piece);

        var ranges = WebSeedRange.Of(torrent.Geometry, Run(torrent.Geometry, 1, 4));

        Assert.Equal([new WebSeedRange(new FileIndex(0), Piece, 2 * Piece + 100), new WebSeedRange(new FileIndex(1), 0, Piece)], ranges);
    }

    [Fact]
    public void AsksForEachFileOfAPiece_WhereFilesLieOneBehindTheOther()
    {
        var torrent = SeededTorrent.OfV1(1, Piece, 100, Block, 3 * Piece);

        var ranges = WebSeedRange.Of(torrent.Geometry, Run(torrent.Geometry, 0, 1));

        Assert.Equal(
            [new WebSeedRange(new FileIndex(0), 0, 100), new WebSeedRange(new FileIndex(1), 0, Block), new WebSeedRange(new FileIndex(2), 0, 2 * Piece - Block - 100)], ranges);
    }

    [Fact]
    public void FollowsIntoTheNextPiece()
    {
        var geometry = new SeededTorrent(1, Piece, 3 * Piece).Geometry;

        Assert.True(WebSeedRange.Follows(geometry, At(0, 3), At(1, 0)));
        Assert.True(WebSeedRange.Follows(geometry, At(0, 0), At(0, 1)));
        Assert.False(WebSeedRange.Follows(geometry, At(0, 2), At(1, 0)));
        Assert.False(WebSeedRange.Follows(geometry, At(0, 3), At(2, 0)));
        Assert.False(WebSeedRange.Follows(geometry, At(0, 0), At(0, 2)));
    }

    private static (PieceIndex, BlockIndex) At(int piece, int block) => (new PieceIndex(piece), new BlockIndex(block));

    private static IEnumerable<(PieceIndex, BlockIndex)> Run(TorrentGeometry geometry, int first, int last) =>
        from piece in Enumerable.Range(first, last - first + 1)
        from block in Enumerable.Range(0, geometry.BlockCountOf(new PieceIndex(piece)))
        select At(piece, block);

    private static TorrentFile File(string[] path) => new() { Path = path, Length = 5, Id = new FileId(new Hash256([.. Enumerable.Repeat((byte)7, 32)])) };
}
