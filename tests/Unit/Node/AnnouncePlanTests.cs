using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Harness.Content;
using Shoal.Node;
using Shoal.Node.Torrents;
using Xunit;

namespace Shoal.Unit.Node;

public sealed class AnnouncePlanTests
{
    private const int Piece = 64 * 1024;

    private static readonly HashSet<Hash160> None = [];
    private readonly SeededTorrent _torrent = new(1, Piece, 3 * Piece + 5, 100, 0);

    [Theory]
    [InlineData(AnnounceLevel.None, 0)]
    [InlineData(AnnounceLevel.Torrents, 0)]
    [InlineData(AnnounceLevel.Files, 4)]
    [InlineData(AnnounceLevel.Chunks, 8)] // the chunk of a file of one piece is the file
    public void NamesWhatTheLevelSays(AnnounceLevel level, int keys)
    {
        var plan = AnnouncePlan.Of([Whole(_torrent)], None, level);

        Assert.Equal(keys, plan.Count);
        Assert.All(plan.Values, Assert.True);
    }

    [Fact]
    public void NamesFilesByTheirIdAndTheirCanonicalTorrent_AndChunksByTheirId()
    {
        var plan = AnnouncePlan.Of([Whole(_torrent)], None, AnnounceLevel.Chunks);

        foreach (var file in _torrent.Info.Files.Where(f => f.Length > 0))
        {
            Assert.Contains(file.Id.Value.Truncated, plan.Keys);
            Assert.Contains(CanonicalTorrent.NameOf(file.Id, file.Length).Truncated, plan.Keys);
        }

        for (var piece = 0; piece < _torrent.Geometry.PieceCount; piece++) Assert.Contains(_torrent.Layers()[new PieceIndex(piece)].Value.Truncated, plan.Keys);
    }

    [Fact]
    public void SaysOfWhatIsHeldInPart_OnlyWhatIsThere()
    {
        var plan = AnnouncePlan.Of([Part(_torrent, 0, 2)], None, AnnounceLevel.Chunks);

        var file = _torrent.Info.Files[0];
        Assert.False(plan[file.Id.Value.Truncated]);
        Assert.DoesNotContain(_torrent.Info.Files[1].Id.Value.Truncated, plan.Keys);
        Assert.Equal(2 + 2, plan.Count);
        Assert.True(plan[_torrent.Layers()[new PieceIndex(2)].Value.Truncated]);
    }

    [Fact]
    public void NamesNothingOfAPrivateTorrent() => Assert.Empty(AnnouncePlan.Of([Whole(SeededTorrent.OfPrivate(1, Piece, 3 * Piece, 100))], None, AnnounceLevel.Chunks));

    [Fact]
    public void NamesNothingOfATorrentOfV1() => Assert.Empty(AnnouncePlan.Of([Whole(SeededTorrent.OfV1(1, Piece, 3 * Piece, 100))], None, AnnounceLevel.Chunks));

    [Fact]
    public void KeepsToItsBudget_FilesFirst_ThenChunksHeldInPart_ThenTheRarest()
    {
        SeededTorrent common = new(2, Piece, 4 * Piece), rare = new(3, Piece, 4 * Piece), part = new(4, Piece, 4 * Piece);
        var torrents = Enumerable.Range(0, 5).Select(i => Hash160.Random(new Random(i))).ToHashSet();

        var plan = AnnouncePlan.Of([Whole(common, peers: 9), Whole(rare, peers: 1), Part(part, 1, 3)], torrents, AnnounceLevel.Chunks, budget: 5 + 6 + 2 + 4 + 1);

        Assert.Equal(6 + 2 + 4 + 1, plan.Count);
        Assert.Equal([2, 4, 1], ((SeededTorrent[])[part, rare, common]).Select(t => Enumerable.Range(0, 4).Count(p => plan.ContainsKey(t.Layers()[new PieceIndex(p)].Value.Truncated))));
    }

    [Fact]
    public void LeavesOutWhatIsAnnouncedAnyway()
    {
        var run = SeededTorrent.OfRun(1, 5 * Piece);

        var plan = AnnouncePlan.Of([Whole(run)], run.Info.Keys.ToHashSet(), AnnounceLevel.Files);

        Assert.Equal([run.Info.Files[0].Id.Value.Truncated], plan.Keys);
    }

    private static AnnouncePlan.Served Whole(SeededTorrent torrent, int peers = 0) => new(torrent.Info, torrent.Layers(), torrent.All, peers);

    private static AnnouncePlan.Served Part(SeededTorrent torrent, params int[] pieces)
    {
        var present = torrent.None;
        foreach (var piece in pieces) present.Set(piece);
        return new(torrent.Info, torrent.Layers(), present, 0);
    }
}
