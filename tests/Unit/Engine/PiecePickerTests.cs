using CsCheck;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine.Picking;
using Xunit;
using static Shoal.Unit.Engine.Drawn;

namespace Shoal.Unit.Engine;

public sealed class PiecePickerTests
{
    [Theory]
    [InlineData("2213", "....", "....", "xxxx", 2)]
    [InlineData("2213", "..x.", "....", "x...", 0)]
    [InlineData("2213", "xxx.", "....", "xxxx", 3)]
    [InlineData("2213", "x...", ".2..", "xxxx", 2)]
    [InlineData("2213", "....", "....", "x..x", 0)]
    [InlineData("0000", "xxx.", "....", "xxxx", 3)]
    [InlineData("2113", ".x..", "....", "xxxx", 2)]
    public void PicksTheRarestThatThePeerHas(string availability, string have, string partial, string peer, int expected)
    {
        var picker = Picker(availability, have, partial);

        Assert.True(picker.TryPick(Pieces(peer), null, out var piece));

        Assert.Equal(expected, piece);
    }

    [Theory]
    [InlineData("2213", "xxxx", "....", "xxxx")]
    [InlineData("2213", "....", "x2x1", "xxxx")]
    [InlineData("2213", "xx..", "..1.", "xxx.")]
    [InlineData("2213", "....", "....", "....")]
    public void PicksNothing_WhenNothingIsLeft(string availability, string have, string partial, string peer) =>
        Assert.False(Picker(availability, have, partial).TryPick(Pieces(peer), null, out _));

    [Fact]
    public void PicksAnythingOfASeed_ButWhatItRefused()
    {
        var picker = Picker("2213");

        Assert.True(picker.TryPick(null, new HashSet<int> { 2 }, out var piece));

        Assert.NotEqual(2, piece);
        Assert.NotEqual(3, piece);
    }

    [Fact]
    public void FollowsThePeersThatComeAndGo()
    {
        var picker = Picker("1111");
        foreach (var i in (int[])[0, 1, 3]) picker.Raise(new PieceIndex(i));
        Assert.Equal(2, First(picker));

        picker.Lower(new PieceIndex(1));
        picker.Lower(new PieceIndex(1));

        Assert.Equal(1, First(picker));
    }

    [Fact]
    public void SpreadsItsChoiceAmongEquals()
    {
        var firsts = Enumerable.Range(0, 60).Select(seed => First(Picker("22222222", seed: seed))).ToHashSet();

        Assert.True(firsts.Count > 4);
    }

    [Fact]
    public void AgreesWithASort_WhateverHappens() => Gen.Select(Gen.Int[0, 4], Gen.Int[0, 199]).Array[0, 400].Sample(steps =>
    {
        const int count = 200;
        var picker = new PiecePicker(count, new Random(1));
        var availability = new int[count];
        var wanted = new HashSet<int>();
        foreach (var (step, piece) in steps)
        {
            var index = new PieceIndex(piece);
            switch (step)
            {
                case 0 or 4:
                    picker.Add(index);
                    wanted.Add(piece);
                    break;
                case 1:
                    picker.Remove(index);
                    wanted.Remove(piece);
                    break;
                case 2:
                    picker.Raise(index);
                    availability[piece]++;
                    break;
                case 3 when availability[piece] > 0:
                    picker.Lower(index);
                    availability[piece]--;
                    break;
            }
        }

        Assert.Equal(wanted.Count, picker.Count);
        var few = new Bitfield(count);
        foreach (var (_, piece) in steps.Take(2)) few.Set(piece);
        Agree(null, _ => true);
        Agree(few, i => few[i]);

        void Agree(Bitfield? has, Func<int, bool> hasPiece)
        {
            var candidates = wanted.Where(hasPiece).ToList();
            Assert.Equal(candidates.Count > 0, picker.TryPick(has, null, out var piece));
            if (candidates.Count > 0)
            {
                Assert.Contains(piece.Value, candidates);
                Assert.Equal(candidates.Min(i => availability[i]), availability[piece]);
            }
        }
    }, iter: 300);

    private static int First(PiecePicker picker)
    {
        Assert.True(picker.TryPick(null, null, out var piece));
        return piece;
    }
}
