using Shoal.Engine.Picking;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class PieceCensusTests
{
    [Fact]
    public void CountsWhoHasWhatIsMissing()
    {
        var pieces = PieceCensus.Take(Drawn.Pieces("x....."), Drawn.Pieces("xxxxx."), [9, 0, 1, 1, 20, 0], seeds: 0);

        Assert.Equal((6, 1, 4, 1), (pieces.Count, pieces.Have, pieces.Missing, pieces.WithNobody));
        Assert.Equal([1, 2, 0, 0, 0, 0, 0, 0, 1], pieces.Copies);
        Assert.Equal([null, 0, 1, 1, 20, null], pieces.Strip.Select(s => s.Copies));
        Assert.Equal([1, 0, 0, 0, 0, 0], pieces.Strip.Select(s => s.Have));
    }

    [Fact]
    public void CountsSeedsForEveryPiece()
    {
        var pieces = PieceCensus.Take(Drawn.Pieces(".."), Drawn.Pieces("xx"), [0, 1], seeds: 2);

        Assert.Equal([0, 0, 1, 1, 0, 0, 0, 0, 0], pieces.Copies);
        Assert.Equal(0, pieces.WithNobody);
    }

    [Fact]
    public void PutsNeighboursTogether()
    {
        var pieces = PieceCensus.Take(Drawn.Pieces(new string('x', 90) + new string('.', 90)), Drawn.Pieces(new string('x', 180)), new int[180], seeds: 0);

        Assert.Equal(60, pieces.Strip.Count);
        Assert.All(pieces.Strip.Take(30), s => Assert.Equal((1.0, (int?)null), (s.Have, s.Copies)));
        Assert.All(pieces.Strip.Skip(30), s => Assert.Equal((0.0, (int?)0), (s.Have, s.Copies)));
    }

    [Fact]
    public void SaysNothing_WhenNothingIsMissing() => Assert.Empty(PieceCensus.Take(Drawn.Pieces("xx"), Drawn.Pieces("xx"), [0, 0], seeds: 0).Copies);
}
