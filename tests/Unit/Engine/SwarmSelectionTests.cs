using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Harness.Content;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Engine;

/// <summary>A swarm that wants some of the files: each is of two pieces.</summary>
public sealed class SwarmSelectionTests
{
    private const int Two = 2 * SwarmBench.PieceLength;

    private static SwarmBench Open(int[] files, string? have = null, bool knowsLayers = true)
    {
        var bench = new SwarmBench(torrent: new SeededTorrent(1, SwarmBench.PieceLength, Two, Two, Two));
        Choose(bench, files, have, knowsLayers);
        return bench;
    }

    private static void Choose(SwarmBench bench, int[] files, string? have = null, bool knowsLayers = true) => bench.Handle(new SwarmEvent.ContentOpened(
        bench.Torrent.Info, bench.Torrent.Layers(knowsLayers), have is null ? bench.Torrent.None : Drawn.Pieces(have), Only: Selection.Of(bench.Torrent.Geometry, files.Select(f => new FileIndex(f)))));

    [Fact]
    public void AsksForWhatIsWantedAndNoMore()
    {
        var bench = Open([1]);

        var seed = bench.Connect();
        for (var i = 0; i < 5; i++)
        {
            bench.GiveAll();
            bench.StoreAll();
            bench.Pass(0.1);
        }

        Assert.Equal([2, 3], bench.PiecesAsked(seed).Order());
        Assert.Equal(1, bench.Effects.Completions);
        Assert.True(bench.Swarm.IsComplete);
        Assert.Equal("..xx..", Drawn.Of(bench.Swarm.Have!));
    }

    [Fact]
    public void IsNotInterestedInWhoHasNothingThatIsWanted()
    {
        var bench = Open([1]);

        var useless = bench.Connect("xx..xx");
        var useful = bench.Connect("...x..");

        Assert.Equal([(useful, true)], bench.Effects.Interests);
        bench.Handle(new SwarmEvent.PeerHas(useless, 2));
        Assert.Equal([(useful, true), (useless, true)], bench.Effects.Interests);
    }

    [Fact]
    public void ServesWhatItHas_WhenAllThatIsWantedIsThere()
    {
        var bench = Open([1], "..xx..");

        var downloader = bench.Connect("......", unchoked: false);
        bench.Handle(new SwarmEvent.InterestChanged(downloader, true));

        Assert.Equal(1, bench.Effects.Completions);
        Assert.Contains((downloader, false), bench.Effects.Chokes);
        Assert.Empty(bench.Effects.Closed);
    }

    [Fact]
    public void LetsSeedsGo_WhenNothingMoreIsWanted()
    {
        var bench = Open([1], "..xx..");

        var seed = bench.Connect();

        Assert.Equal([(seed, CloseReason.NothingToDo)], bench.Effects.Closed);
    }

    [Fact]
    public void FetchesTheRest_WhenMoreIsWanted()
    {
        var bench = Open([1], "..xx..");

        Choose(bench, [0, 1, 2], "..xx..");
        var seed = bench.Connect();

        Assert.False(bench.Swarm.IsComplete);
        Assert.Equal([0, 1, 4, 5], bench.PiecesAsked(seed).Order());
    }

    [Fact]
    public void AsksForNoHashesOfOtherFiles()
    {
        var bench = Open([2], knowsLayers: false);

        bench.Connect();

        Assert.All(bench.Effects.HashRequests, r => Assert.Equal(bench.Torrent.Info.Files[2].Id, r.Request.File));
        Assert.NotEmpty(bench.Effects.HashRequests);
    }

    [Fact]
    public void FetchesAgainOnlyWhatIsWanted_WhenPiecesAreLost()
    {
        var bench = Open([1], "xxxx..");

        bench.Handle(new SwarmEvent.PieceLost(new PieceIndex(0)));
        Assert.True(bench.Swarm.IsComplete);
        bench.Handle(new SwarmEvent.PieceLost(new PieceIndex(2)));
        var seed = bench.Connect();

        Assert.Equal([2], bench.PiecesAsked(seed));
    }
}
