using System.Text;
using CsCheck;
using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Unit.Core.Bencode;
using Shoal.Unit.Core.Merkle;
using Xunit;

namespace Shoal.Unit.Core.Metainfo;

public sealed class TorrentInfoWriterTests
{
    [Fact]
    public void WritesTheSpecifiedBytes()
    {
        var info = TorrentInfoWriter.Write("sample", Sample.PieceLength, [File("large", Sample.Large.Length, Sample.LargeRoot), File("docs/small", Sample.Small.Length, Sample.SmallRoot)]);

        Assert.Equal(Ben.Of(Sample.Info), info.Bytes.ToArray());
    }

    [Fact]
    public void WritesTheCanonicalTorrentOfAFile()
    {
        var root = Sample.Root("x");
        var hex = Convert.ToHexStringLower(root);

        var info = TorrentInfoWriter.Write(hex, 262144, [File(hex, 300_000, root)]);

        Assert.Equal(
            [.. Encoding.ASCII.GetBytes($"d9:file treed64:{hex}d0:d6:lengthi300000e11:pieces root32:"), .. root, .. Encoding.ASCII.GetBytes($"eee12:meta versioni2e4:name64:{hex}12:piece lengthi262144ee")],
            info.Bytes.ToArray());
    }

    [Fact]
    public void GivesTheInfohashThatLibtorrentGives() // create_torrent of libtorrent 2.0.8, v2_only
    {
        static TorrentFile Pattern(string path, int length, int seed)
        {
            var content = Enumerable.Range(0, length).Select(i => (byte)((i * 7 + seed) % 251)).ToArray();
            return File(path, length, length == 0 ? null : NaiveTree.Over(content).Root);
        }

        var info = TorrentInfoWriter.Write("pin", 32768, [Pattern("docs/small", 1000, 1), Pattern("docs.txt", 16384, 2), Pattern("large", 100_000, 3), Pattern("empty", 0, 4)]);

        Assert.Equal("06a81bed7d12316dc2ecc5a32b6d276169a5636792b8179b17b250b195cbe193", info.InfoHash.ToString());
    }

    [Fact]
    public void OrdersByPathElementsAndNotByText()
    {
        string[] expected = ["a/b", "a/b.c", "a/c/d", "a-b", "a.txt", "a0", "b"];

        var info = TorrentInfoWriter.Write("n", 16384, expected.Reverse().Select(p => File(p, 5, Sample.Root(p))));

        Assert.Equal(expected, info.Files.Select(f => f.DisplayPath));
        Assert.Equal(expected.Select(p => new FileId(new Hash256(Sample.Root(p)))), info.Files.Select(f => f.Id));
    }

    [Fact]
    public void OrdersByBytesAndNotByCharacters()
    {
        var info = TorrentInfoWriter.Write("n", 16384, [File("\ud83d\ude00", 0), File("\uffee", 0), File("Z", 0), File("a", 0)]);

        Assert.Equal(["Z", "a", "\uffee", "\ud83d\ude00"], info.Files.Select(f => f.DisplayPath));
    }

    [Fact]
    public void ReadsBackWhatItWrote_InAnyOrder() => Gen.Select(Gen.Char["ab.-0\u00e9"].Array[1, 2].Select(c => new string(c)).Array[1, 4], Gen.Int[0, 100_000]).Array[1, 12].Sample(entries =>
    {
        var files = entries.Where(e => !e.Item1.Any(x => x is "." or "..")).Select(e => File(string.Join('/', e.Item1), e.Item2, Sample.Root(e.Item2.ToString()))).DistinctBy(f => f.DisplayPath).ToList();
        files.RemoveAll(f => files.Any(g => g.DisplayPath.StartsWith(f.DisplayPath + "/", StringComparison.Ordinal)));
        if (files.Count == 0) return;

        var info = TorrentInfoWriter.Write("n", 16384, files);
        var again = TorrentInfoWriter.Write("n", 16384, info.Files.Reverse());

        Assert.Equal(info.InfoHash, again.InfoHash);
        Assert.Equal(files.Select(f => (f.DisplayPath, f.Length)).Order(), info.Files.Select(f => (f.DisplayPath, f.Length)).Order());
    }, iter: 1000);

    [Fact]
    public void WritesAttributesAndLinks()
    {
        TorrentFile[] files =
        [
            File("run", 5, Sample.Root("run")) with { IsExecutable = true },
            File("there", 0) with { LinkTarget = ["docs", "small"] },
        ];

        var info = TorrentInfoWriter.Write("n", 16384, files, isPrivate: true);

        Assert.True(info.IsPrivate);
        Assert.True(info.Files[0].IsExecutable);
        Assert.Equal(["docs", "small"], info.Files[1].LinkTarget);
    }

    [Fact]
    public void RefusesWhatMakesNoTorrent()
    {
        Refuses("n", 16384);
        Refuses("", 16384, File("a", 0));
        Refuses("..", 16384, File("a", 0));
        Refuses("n", 5000, File("a", 0));
        Refuses("n", 16384, File("a", -1, Sample.Root("a")));
        Refuses("n", 16384, File("a", 5));
        Refuses("n", 16384, File("a", 0), File("a", 0));
        Refuses("n", 16384, File("a", 0), File("a/b", 0));
        Refuses("n", 16384, File("a/b", 0), File("a/b/c", 0));
        Refuses("n", 16384, File("a/../b", 0));
        Refuses("n", 16384, File("a//b", 0));
        Refuses("n", 16384, new TorrentFile { Path = [], Length = 0 });
    }

    [Fact]
    public void WritesManyFiles()
    {
        var info = TorrentInfoWriter.Write("n", 16384, Enumerable.Range(0, 20_000).Select(i => File($"{i % 100}/{i % 7}/{i}", 5, Sample.Root(i.ToString()))));

        Assert.Equal(20_000, info.Files.Count);
        Assert.Equal(20_000, info.Geometry.PieceCount);
    }

    private static TorrentFile File(string path, long length, byte[]? root = null) =>
        new() { Path = path.Split('/'), Length = length, Id = root is null ? default : new FileId(new Hash256(root)) };

    private static void Refuses(string name, int pieceLength, params TorrentFile[] files) =>
        Assert.Throws<ArgumentException>(() => TorrentInfoWriter.Write(name, pieceLength, files));
}
