using Shoal.Core.Metainfo;
using Shoal.Unit.Core.Bencode;
using Xunit;
using Pairs = (object Key, object Value)[];

namespace Shoal.Unit.Core.Metainfo;

public sealed class HybridCheckTests
{
    private static readonly Pairs Small = Sample.Entry(Sample.Small.Length, "docs", "small");
    private static readonly Pairs Large = Sample.Entry(Sample.Large.Length, "large");
    private static readonly Pairs Gap = Sample.Pad(Sample.PieceLength - Sample.Small.Length);

    [Fact]
    public void TakesHalvesThatAgree()
    {
        var bytes = Ben.Of(Sample.Hybrid);

        Assert.Equal(MetainfoError.None, TorrentInfoReader.Read(bytes, out var info));
        Assert.Equal(Shoal.Core.Hash.Sha1(bytes), info.InfoHashV1);
    }

    [Fact]
    public void TakesPaddingAfterTheLastFile() => Takes(Small, Gap, Large, Sample.Pad(Sample.PieceLength * 3 - Sample.Large.Length));

    [Fact]
    public void TakesPaddingInParts() => Takes(Small, Sample.Pad(Sample.PieceLength - Sample.Small.Length - 5), Sample.Pad(5), Large);

    [Fact]
    public void RefusesAnotherLength() => Refuses(Small, Gap, Sample.Entry(Sample.Large.Length - 1, "large"));

    [Fact]
    public void RefusesAnotherPath() => Refuses(Small, Gap, Sample.Entry(Sample.Large.Length, "docs", "large"));

    [Fact]
    public void RefusesAnotherOrder() => Refuses(Large, Gap, Small);

    [Fact]
    public void RefusesFewerOrMoreFiles()
    {
        Refuses(Small);
        Refuses(Small, Gap, Large, Sample.Entry(0, "more"));
        Refuses([]);
    }

    [Fact]
    public void RefusesFilesThatStartWithinAPiece()
    {
        Refuses(Small, Large);
        Refuses(Small, Sample.Pad(Sample.PieceLength - Sample.Small.Length - 1), Large);
    }

    [Fact]
    public void RefusesPaddingThatIsAPieceOfItsOwn()
    {
        Refuses(Sample.Pad(Sample.PieceLength), Small, Gap, Large);
        Refuses(Small, Sample.Pad(2 * Sample.PieceLength - Sample.Small.Length), Large);
        Refuses(Small, Gap, Sample.Pad(long.MaxValue), Large);
        Refuses(Small, Sample.Pad(-1), Gap, Large);
    }

    [Fact]
    public void RefusesAnotherNumberOfPieces()
    {
        RefusesInfo(Sample.Hybrid.With("pieces", new byte[3 * 20]));
        RefusesInfo(Sample.Hybrid.With("pieces", new byte[4 * 20 + 1]));
        RefusesInfo(Sample.Hybrid.With("pieces", 5));
    }

    [Fact]
    public void RefusesEntriesThatAreNone()
    {
        RefusesInfo(Sample.Hybrid.With("files", "x"));
        RefusesInfo(Sample.Hybrid.With("files", new object[] { "x" }));
        RefusesInfo(Sample.Hybrid.With("files", new object[] { Ben.Dict() }));
        RefusesInfo(Sample.Hybrid.With("files", new object[] { Ben.Dict(("length", "5")) }));
        RefusesInfo(Sample.Hybrid.With("files", new object[] { Ben.Dict(("length", 5), ("path", "x")) }));
        RefusesInfo(Sample.Hybrid.With("files", new object[] { Ben.Dict(("length", 5), ("path", new object[] { 7 })) }));
    }

    [Fact]
    public void ComparesASingleFileByNameAndLength()
    {
        var single = Sample.InfoOf(Ben.Dict(("sample", Sample.SmallFile))).With("pieces", new byte[20]);

        Assert.Equal(MetainfoError.None, TorrentInfoReader.Read(Ben.Of(single.With("length", Sample.Small.Length)), out _));
        RefusesInfo(single.With("length", Sample.Small.Length + 1));
        RefusesInfo(single.With("length", null));
        RefusesInfo(single.With("length", Sample.Small.Length).With("name", "other"));
        RefusesInfo(Sample.Info.With("length", Sample.Small.Length).With("pieces", new byte[4 * 20]));
    }

    private static void Takes(params object[] files) => Assert.Equal(MetainfoError.None, TorrentInfoReader.Read(Ben.Of(Sample.HybridOf(files)), out _));

    private static void Refuses(params object[] files) => RefusesInfo(Sample.HybridOf(files));

    private static void RefusesInfo(Pairs info) => Assert.Equal(MetainfoError.HybridDisagrees, TorrentInfoReader.Read(Ben.Of(info), out _));
}
