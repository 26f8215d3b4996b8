using CsCheck;
using Shoal.Core.Geometry;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class FaultTests
{
    private const int Piece = StoreBench.PieceLength;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task KeepsWhatItAcknowledged_WhereverTheDiskFails(bool failsOnce)
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/a", StoreBench.Content(5 * Piece + 1));
        bench.Folder.Write("folder/empty", []);
        for (var i = 0; i < 4; i++) bench.Folder.Write($"folder/sub/{i}", StoreBench.Content(1000 + i, i));
        var shared = await bench.ShareAsync("folder");
        for (var failing = 1; ; failing++)
        {
            var stored = new List<int>();
            bench.Disk.FailsOnce = failsOnce;
            bench.Disk.FailFrom = bench.Disk.Operations + failing;
            var before = bench.Disk.Operations;
            var isDone = await DownloadAsync(bench, shared, stored);
            var failed = bench.Disk.Operations - before >= failing;
            bench.Disk.FailFrom = 0;

            await AssertKeptAsync(bench, shared, stored, $"failing at {failing}", isDone);
            if (!failed) break;
        }
    }

    [Fact]
    public async Task LosesNothing_WhenTheDiskFillsUp()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(10 * Piece));
        bench.Disk.Capacity = 4 * Piece + Piece / 2; // the record takes some
        var store = bench.Open();
        var content = await bench.BeginAsync(store, shared);

        var error = await Assert.ThrowsAsync<StoreException>(() => StoreBench.FetchAsync(content, shared));
        bench.Disk.Capacity = long.MaxValue;
        await store.DisposeAsync();
        var resumed = await bench.BeginAsync(bench.Open(), shared);

        Assert.Equal(StoreErrorCode.NoSpace, error.Code);
        Assert.Equal(6, await StoreBench.FetchAsync(resumed, shared));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LosesNothing_WhereverTheDiskFillsUp(bool tears)
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/a", StoreBench.Content(3 * Piece + 1));
        bench.Folder.Write("folder/b/c", StoreBench.Content(700, seed: 2));
        var shared = await bench.ShareAsync("folder");
        bench.Disk.Tears = tears;
        var (full, isDone) = (0, false);
        for (var room = 0L; !isDone; room += Piece / 3)
        {
            bench.Disk.Capacity = bench.Disk.Written + room;
            var stored = new List<int>();
            isDone = await DownloadAsync(bench, shared, stored);
            if (!isDone) full++;
            bench.Disk.Capacity = long.MaxValue;
            await AssertKeptAsync(bench, shared, stored, $"with room for {room}");
        }

        Assert.InRange(full, 5, 100);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CanBeAskedAgain_WhereverARemovalFails(bool failsOnce)
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/a", StoreBench.Content(2 * Piece + 1));
        bench.Folder.Write("folder/b/c", StoreBench.Content(700, seed: 2));
        var shared = await bench.ShareAsync("folder");
        bench.Disk.FailsOnce = failsOnce;
        for (var (failing, hasFailed) = (1, true); hasFailed; failing++)
        {
            await using (var store = bench.Open())
            {
                await using (var content = await bench.BeginAsync(store, shared))
                {
                    await StoreBench.FetchAsync(content, shared);
                    if (failing % 2 == 0) await content.CompleteAsync(CancellationToken.None);
                }

                var before = bench.Disk.Operations;
                bench.Disk.FailFrom = before + failing;
                var isRemoved = await TryAsync(() => store.RemoveAsync(store.Find(shared.Info.InfoHash)!, deleteFiles: true, CancellationToken.None));
                hasFailed = bench.Disk.Operations - before >= failing;
                bench.Disk.FailFrom = 0;
                if (isRemoved) Assert.Null(store.Find(shared.Info.InfoHash));
                await store.AbandonAsync();
            }

            await using var reopened = bench.Open();
            if (reopened.Find(shared.Info.InfoHash) is { } left) await reopened.RemoveAsync(left, deleteFiles: true, CancellationToken.None);
            Assert.Empty(reopened.List());
            Assert.True(Directory.GetFileSystemEntries(bench.Downloads).Length == 0, $"failing at {failing}: {string.Join(' ', Directory.GetFileSystemEntries(bench.Downloads, "*", SearchOption.AllDirectories))}");
            Assert.Empty(Directory.GetFileSystemEntries(bench.Folder["store", "torrents"]));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SharesAndVerifiesAnew_WhereverTheDiskFails(bool failsOnce)
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/a", StoreBench.Content(2 * Piece + 1));
        bench.Folder.Write("folder/b/c", StoreBench.Content(700, seed: 2));
        bench.Disk.FailsOnce = failsOnce;
        for (var (failing, hasFailed) = (1, true); hasFailed; failing++)
        {
            var name = $"store {failing}";
            var before = bench.Disk.Operations;
            bench.Disk.FailFrom = before + failing;
            ShareResult? shared = null;
            var isVerified = false;
            await TryAsync(async () =>
            {
                await using var store = bench.Open(name);
                shared = await store.ShareAsync(bench.Folder["folder"], new ShareSettings { PieceLength = Piece }, null, CancellationToken.None);
                isVerified = (await store.VerifyAsync(shared.Torrent, null, CancellationToken.None)).Bad == 0;
                await store.AbandonAsync();
            });
            hasFailed = bench.Disk.Operations - before >= failing;
            bench.Disk.FailFrom = 0;

            await using var reopened = bench.Open(name);
            Assert.True(hasFailed || isVerified);
            if (shared is not null) Assert.NotNull(reopened.Find(shared.Info.InfoHash));
            var again = await reopened.ShareAsync(bench.Folder["folder"], new ShareSettings { PieceLength = Piece }, null, CancellationToken.None);
            Assert.Equal(0, (await reopened.VerifyAsync(Assert.Single(reopened.List()), null, CancellationToken.None)).Bad);
            await using var content = await reopened.OpenAsync(again.Torrent, CancellationToken.None);
            Assert.True(content.IsComplete);
            await StoreBench.AssertServesAsync(content, again);
        }
    }

    [Fact]
    public async Task DownloadsManySmallFiles()
    {
        await using var bench = new StoreBench();
        for (var i = 0; i < 2000; i++) bench.Folder.Write($"folder/{i % 17}/{i}", BitConverter.GetBytes(i));
        var shared = await bench.ShareAsync("folder");
        await using var store = bench.Open();

        await using var content = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(content, shared);
        var path = await content.CompleteAsync(CancellationToken.None);

        for (var i = 0; i < 2000; i++) Assert.Equal(BitConverter.GetBytes(i), File.ReadAllBytes(Path.Join(path, $"{i % 17}", $"{i}")));
    }

    [Fact]
    public void EqualsADictionary_UnderRandomOperations() => Gen.Int[0, 99].Array[1, 60].Sample(
        operations => RunAsync(operations).GetAwaiter().GetResult(), iter: 15, threads: 1);

    private static async Task RunAsync(int[] operations)
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/a", StoreBench.Content(11 * Piece + 1));
        bench.Folder.Write("folder/b", StoreBench.Content(500, seed: 2));
        bench.Folder.Write("folder/c", StoreBench.Content(3 * Piece, seed: 3));
        var shared = await bench.ShareAsync("folder");
        var pieces = shared.Info.Geometry.PieceCount;
        var (boot, model) = (0, new HashSet<int>());
        var store = bench.Open();
        var content = await bench.BeginAsync(store, shared);
        foreach (var operation in operations)
        {
            var piece = new PieceIndex(operation % pieces);
            switch (operation % 10)
            {
                case 0:
                    await store.DisposeAsync();
                    store = bench.Open(boot: $"{++boot}");
                    content = await bench.BeginAsync(store, shared);
                    break;
                case 1:
                    await content.SaveNowAsync(CancellationToken.None);
                    await store.AbandonAsync();
                    store = bench.Open(boot: $"{++boot}");
                    content = await bench.BeginAsync(store, shared);
                    break;
                case 2:
                    await store.FlushAsync();
                    break;
                case 3:
                    var torrent = store.Find(shared.Info.InfoHash)!;
                    Assert.Equal(model.Count, (await store.VerifyAsync(torrent, null, CancellationToken.None)).Ok);
                    break;
                case 4:
                    var wrong = StoreBench.Piece(shared, piece);
                    wrong[0] ^= 1;
                    Assert.Equal(PutStatus.Corrupt, (await content.PutAsync(piece, wrong, CancellationToken.None)).Status);
                    break;
                default:
                    Assert.Equal(PutStatus.Stored, (await content.PutAsync(piece, StoreBench.Piece(shared, piece), CancellationToken.None)).Status);
                    model.Add(piece);
                    break;
            }

            var present = content.CopyPresent();
            Assert.Equal(model.Order(), Enumerable.Range(0, pieces).Where(i => present[i]));
        }

        await StoreBench.AssertServesAsync(content, shared);
    }

    /// <summary>What was stored is there, all that is there serves, it can be finished, and removing it leaves nothing behind.</summary>
    private static async Task AssertKeptAsync(StoreBench bench, ShareResult shared, List<int> stored, string when, bool isDone = false)
    {
        await using var store = bench.Open();
        var content = await bench.BeginAsync(store, shared);
        foreach (var piece in stored) Assert.True(content.CopyPresent()[piece], $"piece {piece}, {when}");
        if (isDone) Assert.True(content.IsComplete);
        await StoreBench.AssertServesAsync(content, shared);
        await StoreBench.FetchAsync(content, shared);
        await content.CompleteAsync(CancellationToken.None);
        await content.DisposeAsync();
        var torrent = store.Find(shared.Info.InfoHash)!;
        Assert.Equal(0, (await store.VerifyAsync(torrent, null, CancellationToken.None)).Bad);
        await store.RemoveAsync(torrent, deleteFiles: true, CancellationToken.None);
        Assert.True(Directory.GetFileSystemEntries(bench.Downloads).Length == 0, $"{when}: {string.Join(' ', Directory.GetFileSystemEntries(bench.Downloads, "*", SearchOption.AllDirectories))}");
    }

    private static async Task<bool> TryAsync(Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }

    private static async Task<bool> DownloadAsync(StoreBench bench, ShareResult shared, List<int> stored)
    {
        try
        {
            await using var store = bench.Open();
            await using var content = await bench.BeginAsync(store, shared);
            for (var i = 0; i < shared.Info.Geometry.PieceCount; i++)
            {
                if ((await content.PutAsync(new PieceIndex(i), StoreBench.Piece(shared, i), CancellationToken.None)).Status == PutStatus.Stored) stored.Add(i);
            }

            if (!content.CopyPresent().IsFull) return false;

            await content.CompleteAsync(CancellationToken.None);
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }
}
