using Shoal.Core.Geometry;
using Shoal.Harness.Content;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

/// <summary>Downloads of some of the files.</summary>
public sealed class SelectionTests
{
    private const int Piece = StoreBench.PieceLength;

    [Theory]
    [InlineData("v2")]
    [InlineData("v1")]
    [InlineData("hybrid")]
    public async Task MakesTheWantedFilesAndNoOthers(string kind)
    {
        await using var bench = new StoreBench();
        var torrent = Make(kind);
        await using var store = bench.Open();

        var content = await GetAsync(bench, store, torrent, 1, 2);

        AssertFiles(bench, torrent, 1, 2);
        Assert.False(content.IsComplete);
        Assert.Equal(torrent.Files[1].Length + torrent.Files[2].Length, Only(torrent, 1, 2).LengthOf(content.CopyPresent()));
        await AssertServesAsync(content, torrent);
        await content.DisposeAsync();
    }

    [Fact]
    public async Task LeavesNothingBehind_WhenPiecesAreOfOneFile()
    {
        await using var bench = new StoreBench();
        await using var store = bench.Open();

        await using var content = await GetAsync(bench, store, Make("v2"), 0);

        Assert.Equal([Path.GetFileName(content.FinalPath)], Directory.GetFileSystemEntries(bench.Downloads).Select(Path.GetFileName));
    }

    [Fact]
    public async Task ServesAPieceAtTheBorder_WhileItsNeighbourHasNoName()
    {
        await using var bench = new StoreBench();
        var torrent = Make("v1");
        await using var store = bench.Open();

        await using var content = await GetAsync(bench, store, torrent, 1);

        var border = torrent.Geometry.FirstPiece(new FileIndex(1));
        Assert.Contains(new FileIndex(0), torrent.Geometry.FilesOf(border));
        var bytes = new byte[torrent.Geometry.LengthOf(border)];
        Assert.True(await content.TryReadAsync(border, 0, bytes, CancellationToken.None));
        Assert.Equal(torrent.Piece(border).ToArray(), bytes);
        AssertFiles(bench, torrent, 1);
    }

    [Theory]
    [InlineData("v2")]
    [InlineData("v1")]
    [InlineData("hybrid")]
    public async Task FetchesOnlyTheRest_WhenMoreIsWantedAfterARestart(string kind)
    {
        await using var bench = new StoreBench();
        var torrent = Make(kind);
        await using (var store = bench.Open()) await (await GetAsync(bench, store, torrent, 1, 4)).DisposeAsync();

        await using (var store = bench.Open())
        {
            var before = store.Find(torrent.InfoHash)!;
            Assert.Equal((Only(torrent, 1, 4).Pieces.Count, false), (await PresentAsync(store, before), before.IsComplete));
            await using var content = await BeginAsync(bench, store, torrent, [0, 1, 2, 3, 4]);
            var had = content.CopyPresent();
            Assert.Equal(Only(torrent, 1, 4).Pieces.Count, had.Count);
            Assert.Equal(Selection.All(torrent.Geometry).LengthOf(had), content.ReusedBytes);
            await FetchAsync(content, torrent, Selection.All(torrent.Geometry));
            await content.CompleteAsync(CancellationToken.None);
            Assert.True(content.IsComplete);
            AssertFiles(bench, torrent, 0, 1, 2, 3, 4);
        }

        Assert.Single(Directory.GetFileSystemEntries(bench.Downloads));
    }

    [Theory]
    [InlineData("v2")]
    [InlineData("v1")]
    public async Task IsComplete_WhenTheLastFilesWereChosenOneByOne(string kind)
    {
        await using var bench = new StoreBench();
        var torrent = Make(kind);
        await using var store = bench.Open();

        for (var i = 0; i < torrent.Files.Count; i++) await (await GetAsync(bench, store, torrent, torrent.Files.Count - 1 - i)).DisposeAsync();

        Assert.True(store.Find(torrent.InfoHash)!.IsComplete);
        AssertFiles(bench, torrent, 0, 1, 2, 3, 4);
        Assert.Single(Directory.GetFileSystemEntries(bench.Downloads));
    }

    [Fact]
    public async Task LeavesAloneWhatStandsWhereNothingIsWanted()
    {
        await using var bench = new StoreBench();
        var torrent = Make("v2");
        var path = Path.Join(bench.Downloads, torrent.Info.Name, "file 002");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, "mine", TestContext.Current.CancellationToken);
        await using var store = bench.Open();

        await (await GetAsync(bench, store, torrent, 0)).DisposeAsync();

        Assert.Equal("mine", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        var refused = await Assert.ThrowsAsync<StoreException>(() => BeginAsync(bench, store, torrent, [2]));
        Assert.Equal(StoreErrorCode.TargetHoldsOtherContent, refused.Code);
    }

    [Fact]
    public async Task IsVerifiedAsFarAsItGoes()
    {
        await using var bench = new StoreBench();
        var torrent = Make("v1");
        await using var store = bench.Open();
        await (await GetAsync(bench, store, torrent, 1)).DisposeAsync();

        var right = await store.VerifyAsync(store.Find(torrent.InfoHash)!, null, CancellationToken.None);
        var path = Path.Join(bench.Downloads, torrent.Info.Name, "file 001");
        await using (var file = File.OpenWrite(path)) file.WriteByte(7);
        var wrong = await store.VerifyAsync(store.Find(torrent.InfoHash)!, null, CancellationToken.None);

        Assert.Equal((Only(torrent, 1).Pieces.Count, 0), (right.Ok, right.Bad));
        Assert.Equal((Only(torrent, 1).Pieces.Count - 1, 1), (wrong.Ok, wrong.Bad));
    }

    [Fact]
    public async Task IsRemovedWithWhatStagingKept()
    {
        await using var bench = new StoreBench();
        var torrent = Make("v1");
        await using var store = bench.Open();
        await (await GetAsync(bench, store, torrent, 1)).DisposeAsync();

        await store.RemoveAsync(store.Find(torrent.InfoHash)!, deleteFiles: true, CancellationToken.None);

        Assert.Empty(Directory.GetFileSystemEntries(bench.Downloads));
    }

    [Fact]
    public async Task GoesOn_WhenTheMoveWasCutShort()
    {
        await using var bench = new StoreBench();
        var torrent = Make("v1");
        var store = bench.Open();
        var content = await BeginAsync(bench, store, torrent, [0, 1]);
        await FetchAsync(content, torrent, Only(torrent, 0, 1));
        await store.FlushAsync();
        await content.SaveNowAsync(CancellationToken.None);
        await store.AbandonAsync();
        var root = Path.Join(bench.Downloads, torrent.Info.Name);
        Directory.CreateDirectory(root);
        File.Move(Path.Join(Directory.GetDirectories(bench.Downloads, ".shoal-*").Single(), torrent.Info.Name, "file 000"), Path.Join(root, "file 000"));

        await using var again = bench.Open();
        await using var resumed = await BeginAsync(bench, again, torrent, [0, 1]);
        Assert.True(Only(torrent, 0, 1).IsIn(resumed.CopyPresent()));
        await resumed.CompleteAsync(Only(torrent, 0, 1), CancellationToken.None);

        AssertFiles(bench, torrent, 0, 1);
        await AssertServesAsync(resumed, torrent);
    }

    private static SeededTorrent Make(string kind)
    {
        int[] lengths = [Piece + 100, 2 * Piece + 5, 0, 3 * Piece, 77];
        return kind switch
        {
            "v1" => SeededTorrent.OfV1(1, Piece, lengths),
            "hybrid" => SeededTorrent.OfHybrid(1, Piece, lengths),
            _ => new SeededTorrent(1, Piece, lengths),
        };
    }

    private static Selection Only(SeededTorrent torrent, params IEnumerable<int> files) => Selection.Of(torrent.Geometry, files.Select(f => new FileIndex(f)));

    private static Task<TorrentContent> BeginAsync(StoreBench bench, Store store, SeededTorrent torrent, int[] files) => store.BeginDownloadAsync(
        torrent.Info, torrent.Layers(), bench.Downloads, new DownloadSettings { Only = Only(torrent, files) }, null, CancellationToken.None);

    private static async Task<TorrentContent> GetAsync(StoreBench bench, Store store, SeededTorrent torrent, params int[] files)
    {
        var content = await BeginAsync(bench, store, torrent, files);
        await FetchAsync(content, torrent, Only(torrent, files));
        await content.CompleteAsync(Only(torrent, files), CancellationToken.None);
        return content;
    }

    private static async Task FetchAsync(TorrentContent content, SeededTorrent torrent, Selection only)
    {
        var present = content.CopyPresent();
        for (var i = only.Pieces.NextSet(0); i >= 0; i = only.Pieces.NextSet(i + 1))
        {
            if (present[i]) continue;

            var outcome = await content.PutAsync(new PieceIndex(i), torrent.Piece(new PieceIndex(i)), CancellationToken.None);
            Assert.Equal(PutStatus.Stored, outcome.Status);
        }
    }

    private static async Task<int> PresentAsync(Store store, StoredTorrent torrent)
    {
        await using var content = await store.OpenAsync(torrent, CancellationToken.None);
        return content.CopyPresent().Count;
    }

    private static async Task AssertServesAsync(TorrentContent content, SeededTorrent torrent)
    {
        var present = content.CopyPresent();
        for (var i = present.NextSet(0); i >= 0; i = present.NextSet(i + 1))
        {
            var bytes = new byte[torrent.Geometry.LengthOf(new PieceIndex(i))];
            Assert.True(await content.TryReadAsync(new PieceIndex(i), 0, bytes, CancellationToken.None));
            Assert.Equal(torrent.Piece(new PieceIndex(i)).ToArray(), bytes);
        }
    }

    private static void AssertFiles(StoreBench bench, SeededTorrent torrent, params int[] files)
    {
        var root = Path.Join(bench.Downloads, torrent.Info.Name);
        Assert.Equal(files.Select(f => $"file {f:000}"), Directory.GetFiles(root).Select(f => Path.GetFileName(f)!).Order());
        foreach (var file in files) Assert.Equal(torrent.Files[file], File.ReadAllBytes(Path.Join(root, $"file {file:000}")));
    }
}
