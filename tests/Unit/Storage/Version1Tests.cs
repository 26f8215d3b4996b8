using Microsoft.Data.Sqlite;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Harness.Content;
using Shoal.Storage;
using Shoal.Storage.Disk;
using Xunit;

namespace Shoal.Unit.Storage;

/// <summary>Torrents of v1, whose pieces run over the borders of files, and hybrids.</summary>
public sealed class Version1Tests
{
    private const int Piece = StoreBench.PieceLength;

    [Theory]
    [InlineData(Piece)]
    [InlineData(50_001)]
    [InlineData(1 << 21)]
    public async Task DownloadsFilesThatShareTheirPieces(int pieceLength)
    {
        await using var bench = new StoreBench();
        var torrent = SeededTorrent.OfV1(3, pieceLength, 100_000, 0, 1, 70_000, 3 * Piece, 5);
        await using var store = bench.Open();

        await using var content = await BeginAsync(bench, store, torrent);
        await FetchAsync(content, torrent);
        var path = await content.CompleteAsync(CancellationToken.None);

        for (var i = 0; i < torrent.Files.Count; i++) Assert.Equal(torrent.Files[i], File.ReadAllBytes(Path.Join(path, $"file {i:000}")));
        Assert.Equal(torrent.Info.Length, store.Find(torrent.InfoHash)!.Have);
        await AssertServesAsync(content, torrent);
    }

    [Fact]
    public async Task LeavesPaddingOutOfTheFolder()
    {
        await using var bench = new StoreBench();
        byte[] first = StoreBench.Content(40_000), second = StoreBench.Content(90_000, 2);
        var info = MetainfoV1.Write("padded", Piece, [("a", first), ("x.pad", new byte[Piece - 40_000]), ("b", second)]);
        await using var store = bench.Open();

        await using var content = await store.BeginDownloadAsync(info, new PieceLayers(info), bench.Downloads, new DownloadSettings(), null, CancellationToken.None);
        byte[] stream = [.. first, .. new byte[Piece - 40_000], .. second];
        for (var i = 0; i < info.Geometry.PieceCount; i++)
        {
            var outcome = await content.PutAsync(new PieceIndex(i), stream.AsMemory(i * Piece, info.Geometry.LengthOf(new PieceIndex(i))), CancellationToken.None);
            Assert.Equal(PutStatus.Stored, outcome.Status);
        }

        var path = await content.CompleteAsync(CancellationToken.None);

        Assert.Equal(["a", "b"], Directory.GetFiles(path).Select(Path.GetFileName).Order());
        Assert.Equal(second, File.ReadAllBytes(Path.Join(path, "b")));
        var padding = new byte[1000];
        padding.AsSpan().Fill(1);
        Assert.True(await content.TryReadAsync(new PieceIndex(0), 40_000, padding, CancellationToken.None));
        Assert.All(padding, b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task RefusesBytesThatAreNotThePiece()
    {
        await using var bench = new StoreBench();
        var torrent = SeededTorrent.OfV1(3, Piece, 100_000, 100_000);
        await using var store = bench.Open();
        await using var content = await BeginAsync(bench, store, torrent);
        var wrong = torrent.Piece(new PieceIndex(1)).ToArray();
        wrong[5] ^= 1;

        var outcome = await content.PutAsync(new PieceIndex(1), wrong, CancellationToken.None);

        Assert.Equal(PutStatus.Corrupt, outcome.Status);
        Assert.Equal(0, content.CopyPresent().Count);
    }

    [Fact]
    public async Task GoesOnAfterARestart_AndAfterAnUncleanBoot()
    {
        await using var bench = new StoreBench();
        var torrent = SeededTorrent.OfV1(3, Piece, 100_000, 100_000, 100_000);
        var store = bench.Open();
        var content = await BeginAsync(bench, store, torrent);
        await FetchAsync(content, torrent, limit: 3);
        await content.DisposeAsync();
        await store.AbandonAsync();

        await using var again = bench.Open(boot: "second");
        await using var resumed = await BeginAsync(bench, again, torrent);

        Assert.InRange(resumed.CopyPresent().Count, 0, 3);
        await AssertServesAsync(resumed, torrent);
        await FetchAsync(resumed, torrent);
        var path = await resumed.CompleteAsync(CancellationToken.None);
        for (var i = 0; i < 3; i++) Assert.Equal(torrent.Files[i], File.ReadAllBytes(Path.Join(path, $"file {i:000}")));
    }

    [Fact]
    public async Task TakesWhatStandsThere_AndFetchesAFileThatIsGone()
    {
        await using var bench = new StoreBench();
        var torrent = SeededTorrent.OfV1(3, Piece, 100_000, 30_000, 10, 200_000);
        var folder = Path.Join(bench.Downloads, torrent.Info.Name);
        Directory.CreateDirectory(folder);
        foreach (var i in (int[])[0, 2, 3]) File.WriteAllBytes(Path.Join(folder, $"file {i:000}"), torrent.Files[i]);
        await using var store = bench.Open();

        await using var content = await BeginAsync(bench, store, torrent);
        var before = content.CopyPresent().Count;
        await FetchAsync(content, torrent);
        var path = await content.CompleteAsync(CancellationToken.None);

        Assert.Equal(torrent.Geometry.PieceCount - 1, before); // the piece that holds the file that is gone
        for (var i = 0; i < 4; i++) Assert.Equal(torrent.Files[i], File.ReadAllBytes(Path.Join(path, $"file {i:000}")));
        await AssertServesAsync(content, torrent);
    }

    [Fact]
    public async Task OverwritesNothing_ThatIsSomethingElse()
    {
        await using var bench = new StoreBench();
        var torrent = SeededTorrent.OfV1(3, Piece, 100_000, 30_000, 10, 200_000);
        var folder = Path.Join(bench.Downloads, torrent.Info.Name);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Join(folder, "file 002"), new byte[10]); // too small for a piece of its own: told apart in the end
        await using var store = bench.Open();

        await using var content = await BeginAsync(bench, store, torrent);
        await FetchAsync(content, torrent);
        var error = await Assert.ThrowsAsync<StoreException>(() => content.CompleteAsync(CancellationToken.None));

        Assert.Equal(StoreErrorCode.TargetHoldsOtherContent, error.Code);
        Assert.Equal(new byte[10], File.ReadAllBytes(Path.Join(folder, "file 002")));
    }

    [Fact]
    public async Task ServesNothingOfAFileThatWasChanged()
    {
        await using var bench = new StoreBench();
        var torrent = SeededTorrent.OfV1(3, Piece, 100_000, 100_000, 100_000);
        await using var store = bench.Open();
        await using var content = await BeginAsync(bench, store, torrent);
        await FetchAsync(content, torrent);
        var path = Path.Join(await content.CompleteAsync(CancellationToken.None), "file 001");
        var bytes = File.ReadAllBytes(path);
        bytes[50_000] ^= 1;
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(1));

        var result = await store.VerifyAsync(store.Find(torrent.InfoHash)!, null, CancellationToken.None);

        Assert.Equal(1, result.Bad);
        Assert.Contains(new FileIndex(1), result.BadFiles);
        Assert.False(await content.TryReadAsync(new PieceIndex(1), 40_000, new byte[100], CancellationToken.None)); // it looks other than it did
        await store.FinishBackgroundAsync();
        await AssertServesAsync(content, torrent);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SharesAHybrid_ThatBothHalvesProve(bool isFolder)
    {
        await using var bench = new StoreBench();
        bench.Folder.Write(isFolder ? "shared/b" : "shared", StoreBench.Content(3 * Piece + 100));
        if (isFolder)
        {
            bench.Folder.Write("shared/a", StoreBench.Content(10, 2));
            bench.Folder.Write("shared/c", []);
        }

        await using var store = bench.Open("seed", disk: new RealDisk());
        var shared = await store.ShareAsync(bench.Folder["shared"], new ShareSettings { PieceLength = Piece, IsHybrid = true }, null, CancellationToken.None);

        Assert.True(shared.Info is { HasV1: true, HasV2: true });
        Assert.Equal(shared.Torrent, store.Find(new InfoHash(shared.Info.InfoHashV1!.Value)));
        for (var i = 0; i < shared.Info.Geometry.PieceCount; i++)
        {
            var piece = StoreBench.Piece(shared, i);
            byte[] padded = [.. piece, .. new byte[shared.Info.HashedLengthV1(new PieceIndex(i)) - piece.Length]];
            Assert.Equal(Hash.Sha1(padded), shared.Info.PieceV1(new PieceIndex(i)));
        }
    }

    [Fact]
    public async Task FetchesAHybrid_ByTheHashesOfV1Alone()
    {
        await using var bench = new StoreBench();
        var torrent = SeededTorrent.OfHybrid(3, Piece, 3 * Piece + 100, 5, 70_000);
        await using var store = bench.Open();

        await using var content = await BeginAsync(bench, store, torrent);
        Assert.Equal(2, content.Layers.Missing);
        await FetchAsync(content, torrent);
        var path = await content.CompleteAsync(CancellationToken.None);

        Assert.Equal(0, content.Layers.Missing);
        for (var i = 0; i < 3; i++) Assert.Equal(torrent.Files[i], File.ReadAllBytes(Path.Join(path, $"file {i:000}")));
    }

    [Fact]
    public async Task RefusesAHybrid_WhoseHalvesAreTwoContents()
    {
        await using var bench = new StoreBench();
        byte[] first = StoreBench.Content(3 * Piece), second = StoreBench.Content(3 * Piece, 2);
        var v2 = new SeededTorrent(5, Piece, 3 * Piece);
        var info = TorrentInfoWriter.Write("two", Piece, [new TorrentFile { Path = ["two"], Length = first.Length, Id = v2.Info.Files[0].Id }], piecesV1: [MetainfoV1.Pieces(second, Piece)]);
        await using var store = bench.Open();

        await using var content = await store.BeginDownloadAsync(info, new PieceLayers(info), bench.Downloads, new DownloadSettings(), null, CancellationToken.None);
        for (var i = 0; i < 3; i++) await content.PutAsync(new PieceIndex(i), second.AsMemory(i * Piece, Piece), CancellationToken.None);
        var error = await Assert.ThrowsAsync<StoreException>(() => content.CompleteAsync(CancellationToken.None));

        Assert.Equal(StoreErrorCode.InvalidTorrent, error.Code);
        Assert.False(File.Exists(Path.Join(bench.Downloads, "two")));
    }

    [Fact]
    public async Task NamesHybridsOfAnOlderCatalogue()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("shared", StoreBench.Content(100_000));
        ShareResult shared;
        await using (var store = bench.Open("seed", disk: new RealDisk()))
        {
            shared = await store.ShareAsync(bench.Folder["shared"], new ShareSettings { PieceLength = Piece, IsHybrid = true }, null, CancellationToken.None);
        }

        using (var connection = new SqliteConnection($"Data Source={bench.Folder["seed", "catalogue.db"]};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "ALTER TABLE torrents DROP COLUMN infohash_v1; DROP TABLE runs; DROP TABLE trackers; DROP TABLE pins; DROP TABLE uses; DROP TABLE settings; PRAGMA user_version = 1";
            command.ExecuteNonQuery();
        }

        await using var again = bench.Open("seed", disk: new RealDisk());

        Assert.Equal(shared.Info.InfoHash, again.Find(new InfoHash(shared.Info.InfoHashV1!.Value))!.Id);
    }

    private static Task<TorrentContent> BeginAsync(StoreBench bench, Store store, SeededTorrent torrent) =>
        store.BeginDownloadAsync(torrent.Info, new PieceLayers(torrent.Info), bench.Downloads, new DownloadSettings(), null, CancellationToken.None);

    private static async Task FetchAsync(TorrentContent content, SeededTorrent torrent, int limit = int.MaxValue)
    {
        var present = content.CopyPresent();
        for (var i = present.NextClear(0); i >= 0 && limit > 0; i = present.NextClear(i + 1), limit--)
        {
            var outcome = await content.PutAsync(new PieceIndex(i), torrent.Piece(new PieceIndex(i)), CancellationToken.None);
            if (outcome.Error is not null) throw outcome.Error;
            Assert.Equal(PutStatus.Stored, outcome.Status);
        }
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
}
