using CsCheck;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Xunit;

namespace Shoal.Unit.Core.Geometry;

public sealed class SelectionTests
{
    private static readonly Gen<(TorrentGeometry Geometry, Selection Selection)> Drawn = Gen.Select(
        Gen.Int[0, 50_000].Array[1, 8], Gen.Bool, Gen.Bool.Array[8], (lengths, isV1, chosen) =>
        {
            TorrentGeometry geometry;
            if (isV1) Assert.True(TorrentGeometry.TryCreatePacked(20_000, [.. lengths.Select(l => ((long)l, false))], out geometry));
            else Assert.True(TorrentGeometry.TryCreate(16_384, lengths.Select(l => (long)l), out geometry));
            return (geometry, Selection.Of(geometry, Enumerable.Range(0, lengths.Length).Where(i => chosen[i]).Select(i => new FileIndex(i))));
        });

    [Fact]
    public void IsAsLongAsItsPieces() => Drawn.Sample((geometry, selection) =>
    {
        Assert.Equal(selection.Length, selection.LengthOf(selection.Pieces));
        Assert.Equal(selection.Length, selection.Files.Sum(geometry.FileLength));
        Assert.True(selection.IsIn(selection.Pieces));
        for (var i = 0; i < geometry.PieceCount; i++)
        {
            var piece = new PieceIndex(i);
            Assert.Equal(geometry.FilesOf(piece).Any(selection.Contains), selection.Pieces[i]);
            Assert.InRange(selection.LengthOf(piece), 0, geometry.LengthOf(piece));
        }
    });

    [Fact]
    public void IsNotIn_WhenAPieceIsMissing() => Drawn.Where(d => !d.Selection.Pieces.IsEmpty).Sample((_, selection) =>
    {
        var pieces = new Bitfield(selection.Pieces);
        pieces.Clear(pieces.NextSet(0));
        Assert.False(selection.IsIn(pieces));
    });

    [Theory]
    [InlineData("0", "x...")]
    [InlineData("0,2-3", "x.xx")]
    [InlineData("3,1,1-1", ".x.x")]
    [InlineData("2-9", "..xx")]
    [InlineData("7", "....")]
    public void ReadsNumbersOfFiles(string text, string chosen)
    {
        Assert.True(TorrentGeometry.TryCreate(16_384, [1, 2, 3, 4], out var geometry));

        Assert.True(SelectOnly.TryParse(text, out var select));

        Assert.Equal(chosen, string.Concat(Enumerable.Range(0, 4).Select(i => select.Of(geometry).Contains(new FileIndex(i)) ? 'x' : '.')));
    }

    [Fact]
    public void CountsPaddingThatIsListed()
    {
        Assert.True(TorrentGeometry.TryCreatePacked(16_384, [(5, false), (16_379, true), (6, false), (7, false)], out var geometry));

        Assert.True(SelectOnly.TryParse("1,2", out var select));

        Assert.Equal([new FileIndex(1)], select.Of(geometry));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("1,")]
    [InlineData("-1")]
    [InlineData("3-1")]
    [InlineData("1-2-3")]
    [InlineData(" 1")]
    [InlineData("99999999999")]
    public void RefusesWhatIsNoListOfNumbers(string text) => Assert.False(SelectOnly.TryParse(text, out _));
}
