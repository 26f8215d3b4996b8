using CsCheck;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Unit.Core.Bencode;
using Shoal.Unit.Core.Merkle;
using Xunit;

namespace Shoal.Unit.Core.Metainfo;

public sealed class PieceLayersTests
{
    private static readonly FileIndex SmallFile = new(0), LargeFile = new(1);

    [Fact]
    public void KnowsFilesOfOnePieceWithoutALayer()
    {
        var layers = OfSample();

        Assert.Equal(1, layers.Missing);
        Assert.True(layers.IsKnown(SmallFile) && layers.IsKnown(new PieceIndex(0)));
        Assert.False(layers.IsKnown(LargeFile) || layers.IsKnown(new PieceIndex(3)));
        Assert.Equal(Sample.SmallRoot, layers[new PieceIndex(0)].Value.ToArray());
        Assert.True(layers[SmallFile].IsEmpty && layers[LargeFile].IsEmpty);
        Assert.Throws<InvalidOperationException>(() => layers[new PieceIndex(1)]);
    }

    [Fact]
    public void GivesTheHashOfEveryPiece_OnceTheLayerIsSet()
    {
        var layers = OfSample();

        Assert.True(layers.TrySet(LargeFile, Sample.LargeLayer));
        Assert.True(layers.TrySet(LargeFile, Sample.LargeLayer));

        Assert.Equal(0, layers.Missing);
        Assert.Equal(Sample.LargeLayer, layers[LargeFile].ToArray());
        for (var piece = 0; piece < 3; piece++)
        {
            var content = Sample.Large[(piece * Sample.PieceLength)..Math.Min(Sample.Large.Length, (piece + 1) * Sample.PieceLength)];
            var expected = new NaiveTree(NaiveTree.Over(content).Layers[0], 1).Root;
            Assert.Equal(expected, layers[new PieceIndex(piece + 1)].Value.ToArray());
        }
    }

    [Fact]
    public void RefusesALayerWithAnyBitFlipped() => Gen.Int[0, Sample.LargeLayer.Length * 8 - 1].Sample(bit =>
    {
        var layers = OfSample();
        var layer = Sample.LargeLayer.ToArray();
        layer[bit / 8] ^= (byte)(1 << (bit % 8));

        Assert.False(layers.TrySet(LargeFile, layer));
        Assert.Equal(1, layers.Missing);
    });

    [Fact]
    public void RefusesLayersOfOtherLengthsOrFiles()
    {
        var layers = OfSample();

        Assert.False(layers.TrySet(LargeFile, []));
        Assert.False(layers.TrySet(LargeFile, Sample.LargeLayer.AsSpan(32)));
        Assert.False(layers.TrySet(LargeFile, Sample.LargeLayer.AsSpan(1)));
        Assert.False(layers.TrySet(LargeFile, [.. Sample.LargeLayer, .. new byte[32]]));
        Assert.False(layers.TrySet(SmallFile, Sample.SmallRoot));
        Assert.False(layers.TrySet(SmallFile, []));
    }

    private static PieceLayers OfSample()
    {
        Assert.Equal(MetainfoError.None, TorrentInfoReader.Read(Ben.Of(Sample.Info), out var info));
        return new PieceLayers(info);
    }
}
