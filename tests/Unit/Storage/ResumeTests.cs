using Shoal.Core.Geometry;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class ResumeTests
{
    private const int Piece = StoreBench.PieceLength;

    [Fact]
    public async Task KeepsWhatWasPut_WhenTheStoreIsClosed()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(20 * Piece + 1));
        var store = bench.Open();
        await StoreBench.FetchAsync(await bench.BeginAsync(store, shared), shared, limit: 12);
        await store.DisposeAsync();

        var reopened = bench.Open();
        var content = await bench.BeginAsync(reopened, shared);

        Assert.Equal(12, content.CopyPresent().Count);
        Assert.Equal(12 * Piece, content.ReusedBytes);
        Assert.Equal(9, await StoreBench.FetchAsync(content, shared));
        Assert.Equal(StoreBench.Content(20 * Piece + 1), File.ReadAllBytes(await content.CompleteAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task LosesAtMostWhatWasNotEntered_WhenTheProcessDies()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(20 * Piece));
        var store = bench.Open();
        await StoreBench.FetchAsync(await bench.BeginAsync(store, shared), shared, limit: 12);
        await store.AbandonAsync();

        var reopened = bench.Open();
        var content = await bench.BeginAsync(reopened, shared);

        Assert.InRange(content.CopyPresent().Count, 0, 12);
        await StoreBench.AssertServesAsync(content, shared);
        await StoreBench.FetchAsync(content, shared);
        Assert.Equal(StoreBench.Content(20 * Piece), File.ReadAllBytes(await content.CompleteAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task IsDone_WhenTheProcessDiesRightAfterCompletion()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(5 * Piece));
        var store = bench.Open();
        var content = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(content, shared);
        await content.CompleteAsync(CancellationToken.None);
        await store.AbandonAsync();

        var reopened = bench.Open();
        var again = await bench.BeginAsync(reopened, shared);

        Assert.True(reopened.Find(shared.Info.InfoHash)!.IsComplete);
        Assert.True(again.IsComplete);
        Assert.Equal(shared.Info.Length, again.ReusedBytes);
    }

    [Fact]
    public async Task ProvesAgainWhatWasNotFlushed_WhenTheMachineWasStartedAnew()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(10 * Piece));
        var store = bench.Open();
        var content = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(content, shared, limit: 4);
        await store.FlushAsync();
        await StoreBench.FetchAsync(content, shared, limit: 4);
        await content.SaveNowAsync(CancellationToken.None);
        await store.AbandonAsync();
        using (var handle = File.OpenHandle(content.Layout.Staged(new FileIndex(0)), FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.Write(handle, new byte[Piece], 5 * Piece);
        }

        var reopened = bench.Open(boot: "second");
        var resumed = await bench.BeginAsync(reopened, shared);

        Assert.Equal(7, resumed.CopyPresent().Count);
        Assert.False(resumed.CopyPresent()[5]);
        await StoreBench.AssertServesAsync(resumed, shared);
    }

    [Fact]
    public async Task TrustsWhatWasFlushed_WhenTheMachineWasStartedAnew()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(10 * Piece));
        var store = bench.Open();
        await StoreBench.FetchAsync(await bench.BeginAsync(store, shared), shared, limit: 4);
        await store.DisposeAsync();
        var reopened = bench.Open(boot: "second");
        var reads = bench.Disk.Reads;

        var resumed = await bench.BeginAsync(reopened, shared);

        Assert.Equal(4, resumed.CopyPresent().Count);
        Assert.Equal(reads, bench.Disk.Reads);
    }

    [Fact]
    public async Task FindsFilesThatWereMovedAlready_WhenCompletionWasCutShort()
    {
        await using var bench = new StoreBench();
        for (var i = 0; i < 6; i++) bench.Folder.Write($"folder/{i}", StoreBench.Content(2 * Piece + i, i));
        var shared = await bench.ShareAsync("folder");
        Directory.CreateDirectory(Path.Join(bench.Downloads, "folder"));
        var store = bench.Open();
        var content = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(content, shared);
        await content.SaveNowAsync(CancellationToken.None);
        await store.AbandonAsync();
        for (var i = 0; i < 3; i++) File.Move(content.Layout.Staged(new FileIndex(i)), content.Layout.Final(new FileIndex(i)));

        var reopened = bench.Open();
        var resumed = await bench.BeginAsync(reopened, shared);

        Assert.True(resumed.CopyPresent().IsFull);
        await StoreBench.AssertServesAsync(resumed, shared);
        var path = await resumed.CompleteAsync(CancellationToken.None);
        for (var i = 0; i < 6; i++) Assert.Equal(StoreBench.Content(2 * Piece + i, i), File.ReadAllBytes(Path.Join(path, $"{i}")));
        Assert.Single(Directory.GetFileSystemEntries(bench.Downloads));
    }

    [Fact]
    public async Task TakesUpAnUnfinishedDownload_WhenTheCatalogueIsGone()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(10 * Piece));
        var store = bench.Open();
        await StoreBench.FetchAsync(await bench.BeginAsync(store, shared), shared, limit: 7);
        await store.DisposeAsync();

        var other = bench.Open("other");
        var resumed = await bench.BeginAsync(other, shared);

        Assert.Equal(7, resumed.CopyPresent().Count);
    }

    [Fact]
    public async Task RefusesASecondProcess()
    {
        await using var bench = new StoreBench();
        bench.Open();

        Assert.Equal(StoreErrorCode.InUse, Assert.Throws<StoreException>(() => bench.Open()).Code);
    }

    [Fact]
    public async Task LeavesAStoreOfANewerVersionAlone()
    {
        await using var bench = new StoreBench();
        await bench.Open().DisposeAsync();
        var path = bench.Folder["store", "catalogue.db"];
        using (var file = File.OpenWrite(path))
        {
            file.Position = 60;
            file.Write([0, 0, 0, 99]);
        }

        var before = File.ReadAllBytes(path);

        Assert.Equal(StoreErrorCode.NewerVersion, Assert.Throws<StoreException>(() => bench.Open()).Code);
        Assert.Equal(before, File.ReadAllBytes(path));
    }
}
