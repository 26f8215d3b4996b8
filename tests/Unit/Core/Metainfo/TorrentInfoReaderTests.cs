using System.Text;
using CsCheck;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Unit.Core.Bencode;
using Xunit;
using Pairs = (object Key, object Value)[];

namespace Shoal.Unit.Core.Metainfo;

public sealed class TorrentInfoReaderTests
{
    [Fact]
    public void ReadsFilesInTheOrderOfTheTree()
    {
        var bytes = Ben.Of(Sample.Info);

        var info = Read(bytes);

        Assert.Equal(["docs/small", "large"], info.Files.Select(f => f.DisplayPath));
        Assert.Equal([Sample.Small.Length, Sample.Large.Length], info.Files.Select(f => f.Length));
        Assert.Equal([Sample.SmallRoot, Sample.LargeRoot], info.Files.Select(f => f.Id.Value.ToArray()));
        Assert.Equal(4, info.Geometry.PieceCount);
        Assert.Equal(Sample.PieceLength, info.Geometry.PieceLength);
        Assert.Equal("sample", info.Name);
        Assert.Equal(Shoal.Core.Hash.Sha256(bytes), info.InfoHash.Value);
        Assert.Equal(bytes, info.Bytes.ToArray());
        Assert.Null(info.InfoHashV1);
        Assert.False(info.IsSingleFile || info.IsPrivate);
    }

    [Fact]
    public void TakesOneFileAtTheTopForASingleFile()
    {
        var info = Read(Sample.InfoOf(Ben.Dict(("other", Sample.SmallFile))));

        Assert.True(info.IsSingleFile);
        Assert.Equal("other", info.Name);
        Assert.False(Read(Sample.InfoOf(Ben.Dict(("folder", Ben.Dict(("other", Sample.SmallFile)))))).IsSingleFile);
    }

    [Fact]
    public void ReadsAttributes()
    {
        var executable = Ben.Dict(("", Ben.Dict(("attr", "hx"), ("length", 0))));
        var link = Ben.Dict(("", Ben.Dict(("attr", "xl"), ("length", 0), ("symlink path", new object[] { "docs", "small" }))));

        var info = Read(Sample.InfoOf(Sample.Tree.With("run", executable).With("there", link)));

        Assert.Equal([false, false, true, false], info.Files.Select(f => f.IsExecutable));
        Assert.Equal([null, null, null, "docs/small"], info.Files.Select(f => f.LinkTarget is null ? null : string.Join('/', f.LinkTarget)));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(-1, true)]
    public void IsPrivate_UnlessTheFlagIsZero(int flag, bool expected) => Assert.Equal(expected, Read(Sample.Info.With("private", flag)).IsPrivate);

    [Fact]
    public void IgnoresWhatItDoesNotKnow()
    {
        Pairs entry = Ben.Dict(("", Ben.Dict(("length", 5), ("mtime", 7), ("pieces root", Sample.SmallRoot), ("sha1", "x"))));

        var info = Read(Sample.InfoOf(Ben.Dict(("a", entry), ("b", Ben.Dict()))).With("source", "x").With("zebra", new object[] { 1, "a" }));

        Assert.Equal(["a"], info.Files.Select(f => f.DisplayPath));
    }

    [Fact]
    public void RefusesUnorderedKeys() => Refuses(MetainfoError.Malformed, [.. Sample.Info.Reverse()]);

    [Fact]
    public void RefusesKeysGivenTwice() => Refuses(MetainfoError.Malformed, [Sample.Info[0], Sample.Info[0], .. Sample.Info[1..]]);

    [Fact]
    public void RefusesALeadingZero() => Refuses(MetainfoError.Malformed, Sample.Info.With("piece length", new Ben.Raw("i032768e"u8.ToArray())));

    [Fact]
    public void RefusesBytesAfterTheDictionary() => Assert.Equal(MetainfoError.Malformed, TorrentInfoReader.Read(new byte[] { (byte)'d', (byte)'e', 0 }, out _));

    [Fact]
    public void RefusesWhatIsNoDictionary() => Assert.Equal(MetainfoError.Malformed, TorrentInfoReader.Read(Ben.Of(new object[] { 1 }), out _));

    [Fact]
    public void RefusesDeepNesting()
    {
        var tree = Sample.SmallFile;
        for (var i = 0; i < 300; i++) tree = Ben.Dict(("a", tree));

        Refuses(MetainfoError.Malformed, Sample.InfoOf(tree));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public void RefusesDotPaths(string element)
    {
        Refuses(MetainfoError.UnsafePath, Sample.InfoOf(Ben.Dict((element, Sample.SmallFile))));
        Refuses(MetainfoError.UnsafePath, Sample.InfoOf(Ben.Dict((element, Ben.Dict(("a", Sample.SmallFile))))));
        Refuses(MetainfoError.UnsafePath, Sample.InfoOf(Ben.Dict(("a", Ben.Dict((element, Sample.SmallFile))))));
    }

    [Fact]
    public void RefusesAFileWithoutAName() => Refuses(MetainfoError.InvalidFileTree, Sample.InfoOf(Sample.SmallFile));

    [Fact]
    public void RefusesAFolderBesideAnEmptyName() =>
        Refuses(MetainfoError.InvalidFileTree, Sample.InfoOf(Ben.Dict(("a", Ben.Dict(Sample.SmallFile[0], ("b", Sample.SmallFile))))));

    [Fact]
    public void RefusesLinksThatLeaveTheFolder()
    {
        static Pairs Link(object? path) => Sample.InfoOf(Ben.Dict(("a", Ben.Dict(("", Ben.Dict(("attr", "l"), ("length", 0)).With("symlink path", path))))));

        Refuses(MetainfoError.UnsafePath, Link(new object[] { "..", "etc" }));
        Refuses(MetainfoError.UnsafePath, Link(new object[] { "a", "" }));
        Refuses(MetainfoError.UnsafePath, Link(Array.Empty<object>()));
        Refuses(MetainfoError.UnsafePath, Link("etc"));
        Refuses(MetainfoError.UnsafePath, Link(null));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-16384)]
    [InlineData(8192)]
    [InlineData(16383)]
    [InlineData(3 * 16384)]
    [InlineData(1L << 30)]
    [InlineData(1L << 32 | 16384)]
    [InlineData("16384")]
    [InlineData(null)]
    public void RefusesPieceLengths(object? length) => Refuses(MetainfoError.InvalidPieceLength, Sample.Info.With("piece length", length));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(5)]
    public void RefusesNames(object? name) => Refuses(MetainfoError.InvalidName, Sample.Info.With("name", name));

    [Fact]
    public void RefusesRootsThatAreMissingZeroOrShort()
    {
        foreach (var root in new byte[]?[] { null, new byte[32], Sample.SmallRoot[1..], [.. Sample.SmallRoot, 0] })
        {
            Refuses(MetainfoError.MissingPiecesRoot, Sample.InfoOf(Ben.Dict(("a", Sample.File(5, root)))));
        }
    }

    [Fact]
    public void NeedsNoRoot_WhenTheFileIsEmpty() => Assert.Equal(default, Read(Sample.InfoOf(Ben.Dict(("a", Sample.File(0, null))))).Files[0].Id);

    [Fact]
    public void RefusesLengths()
    {
        Refuses(MetainfoError.InvalidFileTree, Sample.InfoOf(Ben.Dict(("a", Sample.File(-1, Sample.SmallRoot)))));
        Refuses(MetainfoError.InvalidFileTree, Sample.InfoOf(Ben.Dict(("a", Ben.Dict(("", Ben.Dict(("length", "5"))))))));
        Refuses(MetainfoError.InvalidFileTree, Sample.InfoOf(Ben.Dict(("a", Ben.Dict(("", Ben.Dict(("pieces root", Sample.SmallRoot))))))));
        Refuses(MetainfoError.Malformed, Sample.InfoOf(Ben.Dict(("a", Ben.Dict(("", Ben.Dict(("length", new Ben.Raw("i9223372036854775808e"u8.ToArray())))))))));
        Refuses(MetainfoError.TooLarge, Sample.InfoOf(Ben.Dict(("a", Sample.File(long.MaxValue, Sample.SmallRoot)))));
    }

    [Fact]
    public void RefusesTreesThatAreNone()
    {
        Refuses(MetainfoError.InvalidFileTree, Sample.Info.With("file tree", null));
        Refuses(MetainfoError.InvalidFileTree, Sample.Info.With("file tree", "x"));
        Refuses(MetainfoError.InvalidFileTree, Sample.Info.With("file tree", new object[] { 1 }));
        Refuses(MetainfoError.InvalidFileTree, Sample.InfoOf([]));
        Refuses(MetainfoError.InvalidFileTree, Sample.InfoOf(Ben.Dict(("a", Ben.Dict(("b", Ben.Dict()))))));
        Refuses(MetainfoError.InvalidFileTree, Sample.InfoOf(Ben.Dict(("a", 5))));
        Refuses(MetainfoError.InvalidFileTree, Sample.InfoOf(Ben.Dict(("a", Ben.Dict(("", 5))))));
        Refuses(MetainfoError.InvalidFileTree, Sample.InfoOf(Ben.Dict(("a", Ben.Dict(("length", 5), ("pieces root", Sample.SmallRoot))))));
    }

    [Fact]
    public void RefusesAPathWithoutEnd()
    {
        var tree = Sample.SmallFile;
        for (var i = 0; i < 200; i++) tree = Ben.Dict((new string('a', 240), tree));

        Refuses(MetainfoError.TooLarge, Sample.InfoOf(tree));
    }

    [Fact]
    public void SaysThatTheVersionIsNewer_BeforeAnythingElse()
    {
        Refuses(MetainfoError.NewerVersion, Sample.Info.With("meta version", 3));
        Refuses(MetainfoError.NewerVersion, Ben.Dict(("file tree", 5), ("meta version", 3), ("name", new object[] { 1 }), ("piece length", "x")));
    }

    [Fact]
    public void ReadsATorrentAsV1_OnlyIfItSaysNothingOfV2()
    {
        var v1 = Ben.Dict(("length", 5), ("name", "a"), ("piece length", 16384), ("pieces", new byte[20]));

        Assert.Equal(MetainfoError.None, TorrentInfoReader.Read(Ben.Of(v1), out _));
        Assert.Equal(MetainfoError.None, TorrentInfoReader.Read(Ben.Of(v1.With("meta version", 1)), out _));
        Refuses(MetainfoError.InvalidFileTree, v1.With("meta version", 2));
        Refuses(MetainfoError.InvalidFileTree, v1.With("pieces", null));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    [InlineData("2")]
    public void RefusesVersionsThatAreNone(object version) => Refuses(MetainfoError.Malformed, Sample.Info.With("meta version", version));

    [Fact]
    public void MendsNamesThatCannotStandOnADisk()
    {
        var info = Read(Sample.InfoOf(Ben.Dict(
            ("a/b", Sample.SmallFile),
            ("n\0l", Sample.SmallFile),
            (new byte[] { (byte)'x', 0xFF }, Sample.SmallFile))));

        Assert.Equal(["a_b", "n_l", "x\uFFFD"], info.Files.Select(f => Assert.Single(f.Path)));
    }

    [Fact]
    public void KeepsMendedNamesApart()
    {
        var info = Read(Sample.InfoOf(Ben.Dict(
            ("a\0b", Ben.Dict(("1", Sample.SmallFile), ("2", Sample.SmallFile))),
            ("a/b", Sample.SmallFile),
            ("a_b", Sample.SmallFile),
            ("a_b.1", Ben.Dict(("1", Sample.SmallFile))),
            (new byte[] { (byte)'x', 0xFE }, Sample.SmallFile),
            (new byte[] { (byte)'x', 0xFF }, Sample.SmallFile))));

        Assert.Equal(["a_b/1", "a_b/2", "a_b.1", "a_b.2", "a_b.1.1/1", "x\uFFFD", "x\uFFFD.1"], info.Files.Select(f => f.DisplayPath));
    }

    [Fact]
    public void NamesEveryPathOnce_WhateverTheBytes()
    {
        var element = Gen.OneOf(Gen.Byte.Array[1, 3], Gen.OneOf<byte>(0, (byte)'/', (byte)'_', (byte)'.', (byte)'1', 0xFF).Array[1, 4]);
        Gen.Select(element, Gen.OneOf(0, 0, 1), element).Array[1, 8].Sample(paths =>
        {
            var tree = Ben.Dict();
            foreach (var (name, depth, inner) in paths.DistinctBy(p => Convert.ToHexString(p.Item1)))
            {
                tree = tree.With(name, depth == 0 ? Sample.SmallFile : Ben.Dict((inner, Sample.SmallFile)));
            }

            if (TorrentInfoReader.Read(Ben.Of(Sample.InfoOf(tree)), out var info) != MetainfoError.None) return;

            var all = info.Files.Select(f => f.DisplayPath).ToArray();
            var folders = info.Files.Where(f => f.Path.Count > 1).Select(f => f.Path[0]).ToArray();
            Assert.Equal(all.Length, all.Distinct().Count());
            Assert.Empty(all.Intersect(folders));
            Assert.All(info.Files.SelectMany(f => f.Path), e => Assert.False(e is "" or "." or ".." || e.Contains('/') || e.Contains('\0')));
        }, iter: 2000);
    }

    [Fact]
    public void NeverThrows_WhateverIsSpoilt()
    {
        var bytes = Ben.Of(Sample.Hybrid);
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.OneOf(Gen.Byte, Gen.Char["0123456789:ilde-"].Select(c => (byte)c)), Gen.Int[0, 3]).Sample((at, with, how) =>
        {
            byte[] spoilt = how switch
            {
                0 or 1 => [.. bytes[..at], with, .. bytes[(at + 1)..]],
                2 => [.. bytes[..at], .. bytes[(at + 1)..]],
                _ => [.. bytes[..at], with, .. bytes[at..]],
            };

            if (TorrentInfoReader.Read(spoilt, out var info) == MetainfoError.None) Assert.NotEmpty(info.Files);
            else Assert.Null(info);
        }, iter: 20000);
    }

    [Fact]
    public void BoundsWhatADeepTreeOfTinyFilesGrowsTo()
    {
        const int deep = 240, files = 150_000;
        var tree = new MemoryStream();
        for (var i = 0; i < deep; i++) tree.Write("d1:a"u8);
        tree.WriteByte((byte)'d');
        for (var i = 0; i < files; i++) tree.Write(Encoding.ASCII.GetBytes($"6:{i:D6}d0:d6:lengthi0eee"));
        for (var i = 0; i <= deep; i++) tree.WriteByte((byte)'e');

        Refuses(MetainfoError.TooLarge, Sample.Info.With("file tree", new Ben.Raw(tree.ToArray())));
    }

    private static TorrentInfo Read(Pairs info) => Read(Ben.Of(info));

    private static TorrentInfo Read(byte[] bytes)
    {
        Assert.Equal(MetainfoError.None, TorrentInfoReader.Read(bytes, out var info));
        return info;
    }

    private static void Refuses(MetainfoError error, Pairs info)
    {
        Assert.Equal(error, TorrentInfoReader.Read(Ben.Of(info), out var read));
        Assert.Null(read);
    }
}
