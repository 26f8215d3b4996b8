using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Storage;
using Shoal.Storage.Records;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class DamageTests
{
    private const int Piece = StoreBench.PieceLength;

    public static TheoryData<string> Damages => ["header", "zero", "truncated", "middle", "page", "garbage", "deleted", "gone with its log"];

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task IsMadeAnewFromItsRecords_WhenTheCatalogueIs(string damage)
    {
        await using var bench = new StoreBench();
        var held = await FillAsync(bench);
        var before = Snapshot(bench);
        Damage(bench.Folder["store", "catalogue.db"], damage);

        await using var store = bench.Open();

        Assert.Equal(StoreWarningKind.CatalogueRestored, Assert.Single(bench.Warnings).Kind);
        Assert.Contains(bench.Folder["store", "torrents"], bench.Warnings[0].Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', bench.Warnings[0].Message);
        await AssertHoldsAsync(store, held);
        if (!damage.StartsWith("gone", StringComparison.Ordinal) && damage != "deleted") Assert.True(File.Exists(bench.Folder["store", "catalogue.db.damaged"]));
        Assert.Equal(before, Snapshot(bench));
    }

    [Fact]
    public async Task KeepsWhatWasDamaged_EachTime()
    {
        await using var bench = new StoreBench();
        var held = await FillAsync(bench);
        for (var i = 0; i < 3; i++)
        {
            Damage(bench.Folder["store", "catalogue.db"], "header");
            await bench.Open().DisposeAsync();
        }

        await using var store = bench.Open();

        await AssertHoldsAsync(store, held);
        Assert.Equal(3, Directory.GetFiles(bench.Folder["store"], "catalogue.db.damaged*").Length);
        Assert.Equal(3, bench.Warnings.Count);
    }

    [Fact]
    public async Task EntersAgain_WhatWasInALogThatIsGone()
    {
        await using var bench = new StoreBench();
        var first = await bench.ShareAsync("first", StoreBench.Content(3 * Piece));
        await CopyAsync(bench, "seed", "old");
        var second = await bench.ShareAsync("second", StoreBench.Content(5 * Piece, seed: 2));
        File.Copy(bench.Folder["old", "catalogue.db"], bench.Folder["seed", "catalogue.db"], overwrite: true);
        File.WriteAllText(bench.Folder["seed", "state"], "open first\n");

        await using var store = bench.Open("seed");

        Assert.Equal([first.Info.InfoHash, second.Info.InfoHash], store.List().Select(t => t.Id));
        Assert.Contains("log was gone", Assert.Single(bench.Warnings).Message, StringComparison.Ordinal);
        foreach (var torrent in store.List()) Assert.Equal((0, 0), Of(await store.VerifyAsync(torrent, null, CancellationToken.None)));
    }

    [Fact]
    public async Task ForgetsNoPieceOfADownload_WhenTheCatalogueIsDamaged()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(9 * Piece + 1));
        await using (var store = bench.Open()) await StoreBench.FetchAsync(await bench.BeginAsync(store, shared), shared, limit: 6);
        Damage(bench.Folder["store", "catalogue.db"], "header");

        await using var reopened = bench.Open();
        var content = await bench.BeginAsync(reopened, shared);

        Assert.Equal(6, content.CopyPresent().Count);
        await StoreBench.AssertServesAsync(content, shared);
        Assert.Equal(4, await StoreBench.FetchAsync(content, shared));
        Assert.Equal(StoreBench.Content(9 * Piece + 1), File.ReadAllBytes(await content.CompleteAsync(CancellationToken.None)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ProvesWithTheLayers_ThatCameFromPeers(bool isCompleted)
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(9 * Piece));
        await using (var store = bench.Open())
        {
            var layers = new Shoal.Core.Metainfo.PieceLayers(shared.Info);
            await using var content = await store.BeginDownloadAsync(shared.Info, layers, bench.Downloads, new DownloadSettings(), null, CancellationToken.None);
            content.Layers.TrySet(new FileIndex(0), shared.Layers[new FileIndex(0)].Span);
            content.LayersChanged(new FileIndex(0));
            await StoreBench.FetchAsync(content, shared, isCompleted ? int.MaxValue : 5);
            if (isCompleted) await content.CompleteAsync(CancellationToken.None);
            else await store.FlushAsync();
            await store.AbandonAsync();
        }

        Damage(bench.Folder["store", "catalogue.db"], "zero");

        await using var reopened = bench.Open();
        await using var again = await reopened.OpenAsync(reopened.Find(shared.Info.InfoHash)!, CancellationToken.None);
        Assert.Equal(isCompleted ? 9 : 5, again.CopyPresent().Count);
        await StoreBench.AssertServesAsync(again, shared);
    }

    [Fact]
    public async Task DoesNotServeWhatChanged_WhileTheCatalogueWasDamaged()
    {
        await using var bench = new StoreBench();
        var held = await FillAsync(bench);
        var path = held.Shared.Torrent.Path;
        using (var file = File.OpenWrite(path))
        {
            file.Position = 2 * Piece;
            file.WriteByte(0xFF);
            file.WriteByte(0xFE);
        }

        Damage(bench.Folder["store", "catalogue.db"], "garbage");

        await using var store = bench.Open();
        await using var content = await store.OpenAsync(store.Find(held.Shared.Info.InfoHash)!, CancellationToken.None);

        Assert.Equal(held.Shared.Info.Geometry.PieceCount - 1, content.CopyPresent().Count);
        Assert.False(content.CopyPresent()[2]);
    }

    [Fact]
    public async Task DeletesNothingOfTheUsers_AfterTheCatalogueWasMadeAnew()
    {
        await using var bench = new StoreBench();
        var held = await FillAsync(bench);
        Damage(bench.Folder["store", "catalogue.db"], "zero");
        var mine = StoreBench.Content(4 * Piece, seed: 77);
        File.WriteAllBytes(held.DownloadPath("a"), mine); // as long as what was there

        await using var store = bench.Open();
        await store.RemoveAsync(store.Find(held.Download.Info.InfoHash)!, deleteFiles: true, CancellationToken.None);

        Assert.Equal(mine, File.ReadAllBytes(held.DownloadPath("a")));
        Assert.True(File.Exists(held.DownloadPath("found")), "what stood there before the download was deleted");
        Assert.False(File.Exists(held.DownloadPath("b")));
        Assert.False(File.Exists(bench.Folder["store", "torrents", $"{held.Download.Info.InfoHash}.torrent"]));
    }

    [Fact]
    public async Task RefusesADamagedCatalogue_WithoutRecords()
    {
        await using var bench = new StoreBench();
        await bench.Open().DisposeAsync();
        var path = bench.Folder["store", "catalogue.db"];
        Damage(path, "header");
        var before = File.ReadAllBytes(path);

        var error = Assert.Throws<StoreException>(() => bench.Open());

        Assert.Equal(StoreErrorCode.Damaged, error.Code);
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task SaysWhichRecordsCannotBeRead_AndKeepsThem()
    {
        await using var bench = new StoreBench();
        var held = await FillAsync(bench);
        var record = bench.Folder["store", "torrents", $"{held.Shared.Info.InfoHash}.torrent"];
        File.WriteAllBytes(record, [1, 2, 3]);
        Damage(bench.Folder["store", "catalogue.db"], "header");

        await using var store = bench.Open();

        Assert.Contains("1 torrent could not be read", Assert.Single(bench.Warnings).Message, StringComparison.Ordinal);
        Assert.Null(store.Find(held.Shared.Info.InfoHash));
        Assert.NotNull(store.Find(held.Download.Info.InfoHash));
        Assert.True(File.Exists(record));
    }

    [Fact]
    public async Task WritesTheRecordsThatAreMissing()
    {
        await using var bench = new StoreBench();
        await FillAsync(bench);
        var before = Snapshot(bench);
        Directory.Delete(bench.Folder["store", "torrents"], recursive: true);

        await using (var store = bench.Open()) await store.FinishBackgroundAsync();

        Assert.Equal(before.Where(f => f.Name.EndsWith(".torrent", StringComparison.Ordinal)), Snapshot(bench).Where(f => f.Name.EndsWith(".torrent", StringComparison.Ordinal)));
        Assert.Empty(bench.Warnings);
    }

    [Fact]
    public async Task ForgetsTheRecord_WithTheLastCopy()
    {
        await using var bench = new StoreBench();
        var held = await FillAsync(bench);
        await using (var store = bench.Open())
        {
            foreach (var torrent in store.List()) await store.RemoveAsync(torrent, deleteFiles: false, CancellationToken.None);
        }

        Damage(bench.Folder["store", "catalogue.db"], "zero");

        Assert.Empty(bench.Open().List());
        Assert.Empty(Directory.GetFileSystemEntries(bench.Folder["store", "torrents"]));
        Assert.True(File.Exists(held.DownloadPath("a")));
    }

    [Fact]
    public void ReadsNoRecord_FromAnything()
    {
        var written = new TorrentRecord(Harness.Content.MetainfoV1.Write("n", 16384, [("a", [1]), ("b", [2])]), null!, [["http://a", "http://b"], ["udp://c"]], [new CopyRecord("/x/y", true, DateTimeOffset.UnixEpoch, new Bitfield(2))]);
        written = written with { IsPinned = true, Layers = new Shoal.Core.Metainfo.PieceLayers(written.Info) };
        var bytes = written.Write();
        var read = TorrentRecord.Read(bytes)!;

        Assert.Equal(written.Trackers.SelectMany(t => t), read.Trackers.SelectMany(t => t));
        Assert.Equal("/x/y", Assert.Single(read.Copies).Path);
        Assert.True(read.Copies[0].IsShared);
        Assert.True(read.IsPinned);
        for (var length = 0; length < bytes.Length; length++) Assert.Null(TorrentRecord.Read(bytes.AsMemory(0, length)));
        for (var i = 0; i < bytes.Length; i++)
        {
            var flipped = (byte[])bytes.Clone();
            flipped[i] ^= 0x15;
            TorrentRecord.Read(flipped); // anything but an exception
        }

        var newer = System.Text.Encoding.Latin1.GetBytes(System.Text.Encoding.Latin1.GetString(bytes).Replace("7:versioni1e", "7:versioni2e", StringComparison.Ordinal));
        Assert.Null(TorrentRecord.Read(newer));
    }

    private static async Task<Held> FillAsync(StoreBench bench)
    {
        for (var i = 0; i < 40; i++) bench.Folder.Write($"many/{i:00}/{new string('n', 60)}", StoreBench.Content(2 * Piece + i, 100 + i)); // enough for a database of many pages
        bench.Folder.Write("mine", StoreBench.Content(6 * Piece + 5, seed: 3));
        bench.Folder.Write("theirs/a", StoreBench.Content(4 * Piece, seed: 4));
        bench.Folder.Write("theirs/b", StoreBench.Content(100, seed: 5));
        bench.Folder.Write("theirs/empty", []);
        bench.Folder.Write("theirs/found", StoreBench.Content(200, seed: 6));
        var download = await bench.ShareAsync("theirs");
        bench.Folder.Write("downloads/theirs/found", StoreBench.Content(200, seed: 6));
        await using var store = bench.Open();
        var settings = new ShareSettings { PieceLength = Piece };
        var shared = await store.ShareAsync(bench.Folder["mine"], settings, null, CancellationToken.None);
        await store.SetTrackersAsync(shared.Info.InfoHash, [["http://127.0.0.1:1/announce"]], CancellationToken.None);
        var many = await store.ShareAsync(bench.Folder["many"], settings, null, CancellationToken.None);
        await using var content = await bench.BeginAsync(store, download);
        await StoreBench.FetchAsync(content, download);
        await content.CompleteAsync(CancellationToken.None);
        return new Held(bench, shared, many, download);
    }

    private static async Task AssertHoldsAsync(Store store, Held held)
    {
        Assert.Equal(
            new[] { held.Shared, held.Many, held.Download }.Select(s => s.Info.InfoHash.ToString()).Order(StringComparer.Ordinal),
            store.List().Select(t => t.Id.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal("http://127.0.0.1:1/announce", Assert.Single(Assert.Single(store.Trackers(held.Shared.Info.InfoHash))));
        foreach (var torrent in store.List())
        {
            Assert.True(torrent.IsComplete);
            Assert.Equal(torrent.Length, torrent.Have);
            Assert.Equal(torrent.Id != held.Download.Info.InfoHash, torrent.IsShared);
            Assert.Equal((0, 0), Of(await store.VerifyAsync(torrent, null, CancellationToken.None)));
            await using var content = await store.OpenAsync(torrent, CancellationToken.None);
            Assert.Equal(0, content.Layers.Missing);
            Assert.True(content.IsComplete);
            await StoreBench.AssertServesAsync(content, torrent.Id == held.Shared.Info.InfoHash ? held.Shared : torrent.Id == held.Many.Info.InfoHash ? held.Many : held.Download);
        }
    }

    private static (int Bad, int Absent) Of(VerifyResult result) => ((int)result.Bad, (int)result.Absent);

    private static void Damage(string path, string damage)
    {
        var length = (int)new FileInfo(path).Length;
        switch (damage)
        {
            case "header": Overwrite(path, 0, new byte[100]); break;
            case "zero": File.WriteAllBytes(path, []); break;
            case "truncated": File.WriteAllBytes(path, File.ReadAllBytes(path)[..(length / 2 / 4096 * 4096)]); break;
            case "middle": Overwrite(path, length / 2 + 100, StoreBench.Content(5000)); break;
            case "page": Overwrite(path, 4096, new byte[4096]); break;
            case "garbage": File.WriteAllBytes(path, StoreBench.Content(length)); break;
            case "deleted": File.Delete(path); break;
            default:
                foreach (var part in (string[])["", "-wal", "-shm"]) File.Delete(path + part);
                break;
        }
    }

    private static void Overwrite(string path, int at, byte[] bytes)
    {
        using var file = File.OpenWrite(path);
        file.Position = at;
        file.Write(bytes);
    }

    private static async Task CopyAsync(StoreBench bench, string from, string to)
    {
        Directory.CreateDirectory(bench.Folder[to]);
        await using var source = File.OpenRead(bench.Folder[from, "catalogue.db"]);
        await using var target = File.Create(bench.Folder[to, "catalogue.db"]);
        await source.CopyToAsync(target);
    }

    /// <summary>The user's files and the records, with their length.</summary>
    private static List<(string Name, string Bytes)> Snapshot(StoreBench bench) =>
        [.. Directory.GetFiles(bench.Folder.Path, "*", SearchOption.AllDirectories)
            .Where(f => !f.Contains("catalogue.db", StringComparison.Ordinal) && Path.GetFileName(f) is not ("state" or "lock"))
            .Order(StringComparer.Ordinal)
            .Select(f => (f, Convert.ToHexString(Hash.Sha256(File.ReadAllBytes(f)).ToArray())))];

    private sealed record Held(StoreBench Bench, ShareResult Shared, ShareResult Many, ShareResult Download)
    {
        public string DownloadPath(string file) => Bench.Folder["downloads", "theirs", file];
    }
}
