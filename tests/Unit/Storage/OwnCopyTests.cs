using Shoal.Core.Geometry;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class OwnCopyTests
{
    private const int Piece = StoreBench.PieceLength;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ServesWhatItCopied_WhenTheOriginalChangesAndGoes(bool clones)
    {
        await using var bench = new StoreBench();
        bench.Disk.Clones = clones;
        bench.Folder.Write("folder/a", StoreBench.Content(3 * Piece + 1));
        bench.Folder.Write("folder/sub/b", StoreBench.Content(10, seed: 2));
        bench.Folder.Write("folder/empty", []);
        var reference = await bench.ShareAsync("folder");
        await using var store = bench.Open();

        var copied = await CopyAsync(store, bench);
        var expected = StoreBench.Piece(reference, 0);
        File.WriteAllBytes(bench.Folder["folder/a"], StoreBench.Content(3 * Piece + 1, seed: 9));
        File.Delete(bench.Folder["folder/sub/b"]);

        var torrent = Assert.Single(store.List());
        Assert.Equal((false, true, true), (torrent.IsShared, torrent.IsComplete, store.IsOwn(torrent)));
        Assert.Equal(reference.Info.InfoHash, copied.Info.InfoHash);
        await using var content = await store.OpenAsync(torrent, CancellationToken.None);
        var read = new byte[expected.Length];
        Assert.True(await content.TryReadAsync(new PieceIndex(0), 0, read, CancellationToken.None));
        Assert.Equal(expected, read);
        Assert.Equal(0, (await store.VerifyAsync(torrent, null, CancellationToken.None)).Bad);
        Assert.Equal(copied.Info.Length, store.BroughtBytes());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SaysWhatIsTrue_WhereverTheDiskFailsWhileCopying(bool clones)
    {
        await using var bench = new StoreBench();
        bench.Disk.Clones = clones;
        bench.Folder.Write("folder/a", StoreBench.Content(3 * Piece + 1));
        bench.Folder.Write("folder/b", StoreBench.Content(10, seed: 2));
        var failed = true;
        for (var failing = 1; failed; failing++)
        {
            var before = bench.Disk.Operations;
            bench.Disk.FailFrom = before + failing;
            await AttemptAsync(bench, store => CopyAsync(store, bench));
            failed = bench.Disk.Operations - before >= failing;
            bench.Disk.FailFrom = 0;

            await using var store = bench.Open();
            foreach (var torrent in store.List()) await AssertTrueAsync(store, torrent, failing);
            var copied = await CopyAsync(store, bench);
            Assert.Equal(0, (await store.VerifyAsync(copied.Torrent, null, CancellationToken.None)).Bad);
            Assert.True(store.Find(copied.Info.InfoHash)!.IsComplete, $"failing at {failing}");
            await store.RemoveAsync(copied.Torrent, deleteFiles: false, CancellationToken.None);
            Assert.Empty(Directory.GetFileSystemEntries(bench.Folder["store/copies"]));
            Assert.True(File.Exists(bench.Folder["folder/a"]));
        }
    }

    [Fact]
    public async Task SaysWhatIsTrue_WhereverTheDiskFailsWhileRemoving()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/a", StoreBench.Content(3 * Piece + 1));
        for (var i = 0; i < 3; i++) bench.Folder.Write($"folder/sub/{i}", StoreBench.Content(100 + i, seed: i));
        var shared = await bench.ShareAsync("folder");
        var failed = true;
        for (var failing = 1; failed; failing++)
        {
            await using (var store = bench.Open())
            {
                await using var content = await bench.BeginAsync(store, shared);
                await StoreBench.FetchAsync(content, shared);
                await content.CompleteAsync(CancellationToken.None);
            }

            var before = 0L;
            var isAcknowledged = await AttemptAsync(bench, async store =>
            {
                before = bench.Disk.Operations;
                bench.Disk.FailFrom = before + failing;
                await store.RemoveAsync(store.List()[0], deleteFiles: true, CancellationToken.None);
            });
            failed = bench.Disk.Operations - before >= failing;
            bench.Disk.FailFrom = 0;

            await using var again = bench.Open();
            Assert.Equal(isAcknowledged, again.List().Count == 0);
            foreach (var torrent in again.List())
            {
                await AssertTrueAsync(again, torrent, failing);
                await again.RemoveAsync(torrent, deleteFiles: true, CancellationToken.None);
            }

            Assert.Empty(again.List());
            Assert.Empty(Directory.GetFileSystemEntries(bench.Downloads));
        }
    }

    [Fact]
    public async Task RefusesBeforeTheFirstByte_WhenTheQuotaDoesNotSuffice()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(4 * Piece));
        var store = bench.Open();
        await store.SetQuotaAsync(4 * Piece - 1, CancellationToken.None);

        var error = await Assert.ThrowsAsync<StoreException>(() => bench.BeginAsync(store, shared));
        var left = Directory.Exists(bench.Downloads) ? Directory.GetFileSystemEntries(bench.Downloads) : [];
        await store.DisposeAsync();
        await using var reopened = bench.Open();
        var (remembered, listed) = (reopened.Quota, reopened.List().Count);
        await reopened.SetQuotaAsync(4 * Piece, CancellationToken.None);
        await using var content = await bench.BeginAsync(reopened, shared);

        Assert.Equal(StoreErrorCode.OverQuota, error.Code);
        Assert.Empty(left);
        Assert.Equal(0, listed);
        Assert.Equal(4 * Piece - 1, remembered);
        Assert.Equal(4 * Piece, reopened.BroughtBytes());
        Assert.Equal(4, await StoreBench.FetchAsync(content, shared));
    }

    [Fact]
    public async Task KeepsPinsAndUses_AcrossRuns()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("one", StoreBench.Content(Piece));
        bench.Folder.Write("two", StoreBench.Content(Piece, seed: 2));
        var store = bench.Open();
        var one = (await store.ShareAsync(bench.Folder["one"], new ShareSettings(), null, CancellationToken.None)).Torrent;
        var two = (await store.ShareAsync(bench.Folder["two"], new ShareSettings(), null, CancellationToken.None)).Torrent;
        await store.PinAsync(one.Id, true, CancellationToken.None);
        await using (var content = await store.OpenAsync(one, CancellationToken.None)) await content.TryReadAsync(new PieceIndex(0), 0, new byte[10], CancellationToken.None);
        store.CountOthers(two, 3);
        await store.DisposeAsync();

        await using var again = bench.Open();

        Assert.Equal((true, false), (again.IsPinned(one.Id), again.IsPinned(two.Id)));
        Assert.True(again.LastUsed(one) > again.LastUsed(two));
        Assert.Equal((null, 3), (again.Others(one)?.Count, again.Others(two)?.Count));
        await again.RemoveAsync(one, false, CancellationToken.None);
        Assert.False(again.IsPinned(one.Id));
    }

    [Fact]
    public async Task CountsOnceWhatTwoTorrentsHave()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("first/same", StoreBench.Content(5 * Piece));
        bench.Folder.Write("first/other", StoreBench.Content(7));
        bench.Folder.Write("second/renamed", StoreBench.Content(5 * Piece));
        bench.Folder.Write("second/more", StoreBench.Content(9));
        await using var store = bench.Open();
        await store.ShareAsync(bench.Folder["first"], new ShareSettings(), null, CancellationToken.None);
        await store.ShareAsync(bench.Folder["second"], new ShareSettings(), null, CancellationToken.None);

        var usage = store.Measure(CancellationToken.None);

        Assert.Equal(5 * Piece + 16, usage.Once);
        Assert.Equal([(5L * Piece + 7, 5L * Piece, 0L), (5L * Piece + 9, 5L * Piece, 0L)], usage.Torrents.Select(t => (t.Bytes, t.Common, t.Brought)));
    }

    private static Task<ShareResult> CopyAsync(Store store, StoreBench bench) =>
        store.ShareAsync(bench.Folder["folder"], new ShareSettings { PieceLength = Piece, Copy = true }, null, CancellationToken.None);

    /// <returns>Whether it was acknowledged.</returns>
    private static async Task<bool> AttemptAsync(StoreBench bench, Func<Store, Task> act)
    {
        Store? store = null;
        var isAcknowledged = false;
        try
        {
            await act(store = bench.Open());
            isAcknowledged = true;
        }
        catch (StoreException)
        {
        }

        if (store is not null) await store.AbandonAsync();
        return isAcknowledged;
    }

    /// <summary>All that it says it has reads, and proves right.</summary>
    private static async Task AssertTrueAsync(Store store, StoredTorrent torrent, int failing)
    {
        var before = torrent.Have;
        var result = await store.VerifyAsync(torrent, null, CancellationToken.None);
        Assert.True(result.Bad == 0, $"failing at {failing}: {result.Bad} of {before} bytes bad");
    }
}
