using CsCheck;
using Shoal.Core.Geometry;
using Xunit;

namespace Shoal.Unit.Core.Geometry;

public sealed class TorrentGeometryTests
{
    private const int Block = TorrentGeometry.BlockLength;
    private const int Piece = 4 * Block;

    private static readonly Gen<long> Length = Gen.OneOf(
        Gen.OneOf<long>(0, 0, 1, Block - 1, Block, Block + 1, Piece - 1, Piece, Piece + 1, 2 * Piece, 3 * Piece + Block + 7),
        Gen.Long[0, 10 * Piece]);

    [Fact]
    public void CoversEveryByteOnce() => Length.Array[0, 12].Sample(lengths =>
    {
        Assert.True(TorrentGeometry.TryCreate(Piece, lengths, out var geometry));
        var covered = new long[lengths.Length];
        var lastFile = -1;
        for (var p = 0; p < geometry.PieceCount; p++)
        {
            var piece = new PieceIndex(p);
            var file = geometry.FileOf(piece);
            Assert.True(file >= lastFile);
            Assert.InRange(p, geometry.FirstPiece(file).Value, geometry.FirstPiece(file) + geometry.PieceCountOf(file) - 1);
            var spans = geometry.SpansOf(piece);
            Assert.True(spans.MoveNext());
            Assert.Equal(new FileSpan(file, covered[file], 0, geometry.LengthOf(piece)), spans.Current);
            Assert.False(spans.MoveNext());

            var blocks = Enumerable.Range(0, geometry.BlockCountOf(piece)).Select(b => geometry.LengthOf(piece, new BlockIndex(b))).ToArray();
            Assert.All(blocks, length => Assert.InRange(length, 1, Block));
            Assert.All(blocks[..^1], length => Assert.Equal(Block, length));
            Assert.Equal(geometry.LengthOf(piece), blocks.Sum());
            covered[file] += geometry.LengthOf(piece);
            lastFile = file;
        }

        Assert.Equal(lengths, covered);
        Assert.Equal(lengths.Sum(), geometry.TotalLength);
        Assert.Equal(lengths.Length, geometry.FileCount);
    }, iter: 1000);

    [Fact]
    public void CoversEveryByteOnce_WhenFilesLieOneBehindTheOther() => Gen.Select(Gen.Select(Length, Gen.Bool).Array[1, 12], Gen.OneOf(1, 1000, Block, Piece)).Sample((drawn, pieceLength) =>
    {
        (long Length, bool IsPadding)[] entries = [.. drawn.Select(e => (pieceLength == 1 ? e.Item1 % 100 : e.Item1, e.Item2))];
        Assert.True(TorrentGeometry.TryCreatePacked(pieceLength, entries, out var geometry));
        var lengths = entries.Where(e => !e.IsPadding).Select(e => e.Length).ToArray();
        var starts = entries.Select((e, i) => (e.IsPadding, At: entries.Take(i).Sum(b => b.Length))).Where(e => !e.IsPadding).Select(e => e.At).ToArray();
        var (covered, counted) = (new long[lengths.Length], new long[lengths.Length]);
        var content = 0L;
        for (var p = 0; p < geometry.PieceCount; p++)
        {
            var piece = new PieceIndex(p);
            foreach (var span in geometry.SpansOf(piece))
            {
                Assert.Equal(covered[span.File], span.Offset);
                Assert.Equal(starts[span.File] + span.Offset, (long)p * pieceLength + span.Begin);
                Assert.Equal(span.Length, geometry.LengthOf(piece, span.File));
                Assert.InRange(span.Begin + span.Length, 1, geometry.LengthOf(piece));
                Assert.InRange(p, geometry.FirstPiece(span.File).Value, geometry.FirstPiece(span.File) + geometry.PieceCountOf(span.File) - 1);
                covered[span.File] += span.Length;
                counted[span.File]++;
            }

            content += geometry.ContentLengthOf(piece);
        }

        Assert.Equal(lengths, covered);
        Assert.Equal(counted, Enumerable.Range(0, lengths.Length).Select(f => (long)geometry.PieceCountOf(new FileIndex(f))));
        Assert.Equal(content, geometry.TotalLength);
        Assert.Equal(entries.Sum(e => e.Length), Enumerable.Range(0, geometry.PieceCount).Sum(p => (long)geometry.LengthOf(new PieceIndex(p))));
    }, iter: 500);

    [Fact]
    public void GivesPartsOfARun_WhenFilesLieOneBehindTheOther()
    {
        Assert.True(TorrentGeometry.TryCreatePacked(100, [(30, false), (0, false), (20, true), (200, false)], out var geometry));

        Assert.Equal([new FileSpan(new FileIndex(0), 25, 25, 5), new FileSpan(new FileIndex(2), 0, 50, 10)], Spans(geometry, 0, 25, 35));
        Assert.Equal([], Spans(geometry, 0, 30, 20));
        Assert.Equal([new FileSpan(new FileIndex(2), 60, 10, 90)], Spans(geometry, 1, 10, 90));

        static List<FileSpan> Spans(TorrentGeometry geometry, int piece, int begin, int length)
        {
            var found = new List<FileSpan>();
            foreach (var span in geometry.SpansOf(new PieceIndex(piece), begin, length)) found.Add(span);
            return found;
        }
    }

    [Fact]
    public void RefusesWhatDoesNotFit_WhenFilesLieOneBehindTheOther()
    {
        Assert.False(TorrentGeometry.TryCreatePacked(0, [(1, false)], out _));
        Assert.False(TorrentGeometry.TryCreatePacked(TorrentGeometry.MaxPieceLength + 1L, [(1, false)], out _));
        Assert.False(TorrentGeometry.TryCreatePacked(16384, [(-1, false)], out _));
        Assert.False(TorrentGeometry.TryCreatePacked(16384, [(long.MaxValue, false), (long.MaxValue, true)], out _));
        Assert.False(TorrentGeometry.TryCreatePacked(1, [(TorrentGeometry.MaxPieces, true), (1, false)], out _));
    }

    [Fact]
    public void SkipsEmptyFilesBetweenOthers()
    {
        Assert.True(TorrentGeometry.TryCreate(Piece, [0, 0, 1, 0, Piece + 1, 0, 0, Piece, 0], out var geometry));

        Assert.Equal([2, 4, 4, 7], Enumerable.Range(0, geometry.PieceCount).Select(p => geometry.FileOf(new PieceIndex(p)).Value));
        Assert.Equal(0, geometry.PieceCountOf(new FileIndex(8)));
        Assert.Equal(4, geometry.FirstPiece(new FileIndex(8)).Value);
    }

    [Fact]
    public void TakesOnlyWholeAlignedBlocks() => Gen.Select(Length.Array[1, 4], Gen.Int[-1, 30], Gen.Int[-1, 6], Gen.OneOf(0, 0, 1, -1), Gen.OneOf(0, 0, 1, -1)).Sample((lengths, p, b, shift, more) =>
    {
        Assert.True(TorrentGeometry.TryCreate(Piece, lengths, out var geometry));
        var exists = p >= 0 && p < geometry.PieceCount && b >= 0 && b < geometry.BlockCountOf(new PieceIndex(p));
        var length = exists ? geometry.LengthOf(new PieceIndex(p), new BlockIndex(b)) : Block;

        Assert.Equal(exists && shift == 0 && more == 0, geometry.TryBlock(p, b * Block + shift, length + more, out var block));
        if (exists && shift == 0 && more == 0) Assert.Equal(b, block.Value);
    }, iter: 1000);

    [Fact]
    public void ContainsRunsWithinAPiece() => Gen.Select(Length.Array[1, 4], Gen.Int[-1, 30], Gen.Int[-1, Piece], Gen.Int[-1, Piece + 1]).Sample((lengths, p, begin, length) =>
    {
        Assert.True(TorrentGeometry.TryCreate(Piece, lengths, out var geometry));
        var exists = p >= 0 && p < geometry.PieceCount;

        Assert.Equal(exists && begin >= 0 && length > 0 && begin + length <= geometry.LengthOf(new PieceIndex(p)), geometry.Contains(p, begin, length));
    }, iter: 1000);

    [Fact]
    public void RefusesRequestsOutsideAnything() => Gen.Select(Gen.Int, Gen.Int, Gen.Int).Sample((p, begin, length) =>
    {
        Assert.True(TorrentGeometry.TryCreate(Piece, [Piece], out var geometry));

        Assert.Equal(p == 0 && begin >= 0 && length > 0 && (long)begin + length <= Piece, geometry.Contains(p, begin, length));
        Assert.False(geometry.TryBlock(p | 1, begin, length, out _));
        Assert.False(geometry.Contains(0, int.MaxValue, int.MaxValue));
        Assert.False(geometry.TryBlock(0, int.MinValue, Block, out _));
        Assert.False(geometry.TryBlock(0, int.MaxValue - Block + 1, Block, out _));
    }, iter: 1000);

    [Theory]
    [InlineData(0)]
    [InlineData(-Piece)]
    [InlineData(Block / 2)]
    [InlineData(Block + 1)]
    [InlineData(3 * Block)]
    [InlineData(1L << 30)]
    [InlineData(1L << 40)]
    [InlineData(long.MinValue)]
    public void RefusesPieceLengths(long pieceLength) => Assert.False(TorrentGeometry.TryCreate(pieceLength, [1], out _));

    [Fact]
    public void RefusesLengthsThatAreNegativeOrTooMany()
    {
        const long most = (long)TorrentGeometry.MaxPieces * TorrentGeometry.MaxPieceLength;

        Assert.False(TorrentGeometry.TryCreate(Piece, [1, -1], out _));
        Assert.False(TorrentGeometry.TryCreate(Block, [long.MaxValue], out _));
        Assert.False(TorrentGeometry.TryCreate(TorrentGeometry.MaxPieceLength, [long.MaxValue, long.MaxValue], out _));
        Assert.False(TorrentGeometry.TryCreate(TorrentGeometry.MaxPieceLength, [most, 1], out _));
        Assert.True(TorrentGeometry.TryCreate(TorrentGeometry.MaxPieceLength, [most], out var largest));
        Assert.Equal(TorrentGeometry.MaxPieces, largest.PieceCount);
        var last = largest.SpansOf(new PieceIndex(TorrentGeometry.MaxPieces - 1));
        Assert.True(last.MoveNext());
        Assert.Equal(most - TorrentGeometry.MaxPieceLength, last.Current.Offset);
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(Block, 0, 0)]
    [InlineData(Block + 1, 1, 1)]
    [InlineData(Piece, 2, 2)]
    [InlineData(Piece + 1, 3, 2)]
    [InlineData(5 * Piece, 5, 2)]
    public void KnowsTheHeightsOfTrees(long length, int treeHeight, int hashHeight)
    {
        Assert.True(TorrentGeometry.TryCreate(Piece, [length], out var geometry));

        Assert.Equal(2, geometry.PieceHeight);
        Assert.Equal(treeHeight, geometry.TreeHeight(new FileIndex(0)));
        Assert.Equal(hashHeight, geometry.HashHeight(new FileIndex(0)));
    }

    [Theory]
    [InlineData(0, 256 * 1024)]
    [InlineData(1L << 30, 256 * 1024)]
    [InlineData((1L << 30) + 1, 512 * 1024)]
    [InlineData(1L << 36, 16 * 1024 * 1024)]
    [InlineData((1L << 36) + 1, 16 * 1024 * 1024)]
    [InlineData(long.MaxValue, 16 * 1024 * 1024)]
    public void ChoosesThePieceLength(long total, int expected) => Assert.Equal(expected, TorrentGeometry.DefaultPieceLength(total));

    [Fact]
    public void RefusesPiecesThatDoNotExist()
    {
        Assert.True(TorrentGeometry.TryCreate(Piece, [], out var geometry));

        Assert.Equal(0, geometry.PieceCount);
        Assert.Throws<ArgumentOutOfRangeException>(() => geometry.FileOf(new PieceIndex(0)));
    }
}
