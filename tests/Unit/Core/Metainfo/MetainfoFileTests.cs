using CsCheck;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Unit.Core.Bencode;
using Xunit;
using Pairs = (object Key, object Value)[];

namespace Shoal.Unit.Core.Metainfo;

public sealed class MetainfoFileTests
{
    [Fact]
    public void ReadsItsParts()
    {
        var torrent = Sample.Torrent(Sample.Info, Sample.Layers)
            .With("announce", "http://one")
            .With("announce-list", new object[] { new object[] { "http://one", "http://two" }, new object[] { "udp://three:1" } })
            .With("url-list", "http://seed/");

        var metainfo = Read(torrent);

        Assert.Equal(Ben.Of(Sample.Info), metainfo.Info.Bytes.ToArray());
        Assert.Equal(0, metainfo.Layers.Missing);
        Assert.Equal(Sample.LargeLayer, metainfo.Layers[new FileIndex(1)].ToArray());
        Assert.Equal(["http://one", "http://two", "udp://three:1"], metainfo.Trackers);
        Assert.Equal([["http://one", "http://two"], ["udp://three:1"]], metainfo.TrackerTiers);
        Assert.Equal(["http://seed/"], metainfo.WebSeeds);
    }

    [Fact]
    public void PassesOverTheOneTracker_WhereThereIsAList()
    {
        var torrent = Sample.Torrent(Sample.Info, Sample.Layers).With("announce", "http://alone");

        Assert.Equal([["http://alone"]], Read(torrent).TrackerTiers);
        Assert.Equal([["http://a"], ["http://b"]], Read(torrent.With("announce-list", new object[] { new object[] { "http://a", "http://a" }, "http://b", new object[] { "http://a" }, 5 })).TrackerTiers);
        Assert.Equal([["http://alone"]], Read(torrent.With("announce-list", new object[] { 5, new object[] { 5 } })).TrackerTiers);
    }

    [Fact]
    public void KeepsTiers_WhenItWritesThem()
    {
        var metainfo = Read(Sample.Torrent(Sample.Info, Sample.Layers)) with { TrackerTiers = [["http://a", "http://b"], ["udp://c:1"]] };

        Assert.Equal(MetainfoError.None, MetainfoFile.Read(metainfo.Write(), out var again));
        Assert.Equal(metainfo.TrackerTiers, again.TrackerTiers);
    }

    [Fact]
    public void ReadsWhatItWrote()
    {
        var metainfo = Read(Sample.Torrent(Sample.Info, Sample.Layers)) with { Trackers = ["http://a", "udp://b:1"], WebSeeds = ["http://c/", "http://d/"] };
        var bytes = metainfo.Write();

        Assert.Equal(MetainfoError.None, MetainfoFile.Read(bytes, out var again));
        Assert.Equal(metainfo.Info.InfoHash, again.Info.InfoHash);
        Assert.Equal(0, again.Layers.Missing);
        Assert.Equal(metainfo.Trackers, again.Trackers);
        Assert.Equal(metainfo.WebSeeds, again.WebSeeds);
        Assert.Equal(bytes, again.Write());
        Assert.Equal(Ben.Of(Sample.Torrent(Sample.Info, Sample.Layers)), (again with { Trackers = [], WebSeeds = [] }).Write());
    }

    [Fact]
    public void WritesOneLayerForFilesThatAreAlike()
    {
        var info = Sample.InfoOf(Ben.Dict(("a", Sample.LargeFile), ("b", Sample.LargeFile)));

        var metainfo = Read(Sample.Torrent(info, Sample.Layers));

        Assert.Equal(0, metainfo.Layers.Missing);
        Assert.Equal(Ben.Of(Sample.Torrent(info, Sample.Layers)), metainfo.Write());
    }

    [Fact]
    public void LeavesAbsentLayersUnknown()
    {
        foreach (var layers in new object?[] { null, Ben.Dict() })
        {
            var metainfo = Read(Sample.Torrent(Sample.Info, layers));

            Assert.Equal(1, metainfo.Layers.Missing);
            Assert.Throws<InvalidOperationException>(metainfo.Write);
        }
    }

    [Fact]
    public void RefusesLayersThatAreWrong()
    {
        RefusesLayers(Ben.Dict((Sample.LargeRoot, Sample.LargeLayer[..^32])));
        RefusesLayers(Ben.Dict((Sample.LargeRoot, Sample.LargeLayer[..^1])));
        RefusesLayers(Ben.Dict((Sample.LargeRoot, Array.Empty<byte>())));
        RefusesLayers(Ben.Dict((Sample.LargeRoot, new byte[Sample.LargeLayer.Length])));
        RefusesLayers(Ben.Dict((Sample.LargeRoot, (byte[])[.. Sample.LargeLayer, .. new byte[32]])));
        RefusesLayers(Ben.Dict((Sample.LargeRoot, 5)));
        RefusesLayers("x");
        RefusesLayers(5);
    }

    [Fact]
    public void RefusesLayersOfNoFile()
    {
        RefusesLayers(Sample.Layers.With(Sample.Root("stranger"), Sample.LargeLayer));
        RefusesLayers(Sample.Layers.With(Sample.SmallRoot, Sample.SmallRoot));
        RefusesLayers(Ben.Dict((Sample.SmallRoot, Sample.LargeLayer)));
        RefusesLayers(Ben.Dict(("short", Sample.LargeLayer)));
    }

    [Fact]
    public void RefusesWhatIsNoTorrent()
    {
        Assert.Equal(MetainfoError.Malformed, MetainfoFile.Read(default, out _));
        Assert.Equal(MetainfoError.Malformed, MetainfoFile.Read(Ben.Of("text"), out _));
        Assert.Equal(MetainfoError.Malformed, MetainfoFile.Read(Ben.Of(new object[] { Sample.Info }), out _));
        Assert.Equal(MetainfoError.Malformed, MetainfoFile.Read(Ben.Of(Ben.Dict(("info", 5))), out _));
        Assert.Equal(MetainfoError.Malformed, MetainfoFile.Read(Ben.Of(Ben.Dict(("info", Sample.Info), ("announce", "x"))), out _));
        Assert.NotEqual(MetainfoError.None, MetainfoFile.Read(Ben.Of(Ben.Dict()), out _));
    }

    [Fact]
    public void IgnoresWhatFollowsTheDictionary() =>
        Assert.Equal(MetainfoError.None, MetainfoFile.Read((byte[])[.. Ben.Of(Sample.Torrent(Sample.Info, Sample.Layers)), (byte)'\n'], out _));

    [Theory]
    [InlineData(5)]
    [InlineData("")]
    public void IgnoresAddressesThatAreNone(object value) =>
        Assert.Empty(Read(Sample.Torrent(Sample.Info, null).With("announce", value).With("announce-list", new object[] { value, new object[] { value, new object[] { value } } })).Trackers);

    [Fact]
    public void TakesNoMoreAddressesThanAHundred() =>
        Assert.Equal(100, Read(Sample.Torrent(Sample.Info, null).With("url-list", Enumerable.Range(0, 1000).Select(i => (object)$"http://{i}/").ToArray())).WebSeeds.Count);

    [Fact]
    public void NeverThrows_WhateverIsSpoilt()
    {
        var bytes = Ben.Of(Sample.Torrent(Sample.Hybrid, Sample.Layers).With("announce-list", new object[] { new object[] { "http://a" } }));
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.OneOf(Gen.Byte, Gen.Char["0123456789:ilde-"].Select(c => (byte)c)), Gen.Int[0, 2]).Sample((at, with, how) =>
        {
            byte[] spoilt = how switch
            {
                0 => [.. bytes[..at], with, .. bytes[(at + 1)..]],
                1 => [.. bytes[..at], .. bytes[(at + 1)..]],
                _ => [.. bytes[..at], with, .. bytes[at..]],
            };

            Assert.Equal(MetainfoFile.Read(spoilt, out var metainfo) == MetainfoError.None, metainfo is not null);
        }, iter: 10000);
    }

    private static MetainfoFile Read(Pairs torrent)
    {
        Assert.Equal(MetainfoError.None, MetainfoFile.Read(Ben.Of(torrent), out var metainfo));
        return metainfo;
    }

    private static void RefusesLayers(object layers) =>
        Assert.Equal(MetainfoError.InvalidPieceLayer, MetainfoFile.Read(Ben.Of(Sample.Torrent(Sample.Info, layers)), out _));
}
