using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Picking;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class PieceOrderTests
{
    /// <param name="priorities">A digit for each piece.</param>
    /// <param name="availability">How many peers have each.</param>
    private static (PieceOrder Order, Wishes Wishes) Draw(string priorities, string availability)
    {
        var wishes = new Wishes(Drawn.Pieces(new string('.', priorities.Length)));
        var order = new PieceOrder(wishes, priorities.Length, new Random(1));
        for (var i = 0; i < priorities.Length; i++)
        {
            var piece = new PieceIndex(i);
            wishes.Set(piece, (PiecePriority)(priorities[i] - '0'));
            for (var peer = '0'; peer < availability[i]; peer++) order.Raise(piece);
            if (wishes.IsWanted(piece)) order.Add(piece);
        }

        return (order, wishes);
    }

    private static string All(PieceOrder order, string? has = null)
    {
        var picked = "";
        while (order.TryPick(has is null ? null : Drawn.Pieces(has), null, out var piece))
        {
            picked += piece.Value;
            order.Remove(piece);
        }

        return picked;
    }

    [Theory]
    [InlineData("2222", "3142", "1302")]
    [InlineData("2232", "3142", "2130")]
    [InlineData("1232", "1142", "2130")]
    [InlineData("0203", "1111", "31")]
    [InlineData("0000", "1111", "")]
    public void PicksWhatIsWantedMost_TheRarestFirst(string priorities, string availability, string picked) =>
        Assert.Equal(picked, All(Draw(priorities, availability).Order));

    [Fact]
    public void PicksInOrder_WhenToldTo()
    {
        var (order, _) = Draw("22322", "54321");
        order.IsInOrder = true;

        Assert.Equal("2014", All(order, "xxx.x"));
        Assert.Equal("3", All(order));
    }

    [Fact]
    public void CountsPeersOfPiecesThatNobodyWants()
    {
        var (order, wishes) = Draw("02", "21");
        order.Raise(new PieceIndex(0));
        order.Lower(new PieceIndex(1));

        wishes.Set(new PieceIndex(0), PiecePriority.Normal);
        order.Add(new PieceIndex(0));

        Assert.Equal([3, 0], order.Availability.ToArray());
        Assert.Equal("10", All(order));
    }
}
