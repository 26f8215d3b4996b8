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

            await using var store = bench.Open();
            var content = await bench.BeginAsync(store, shared);
            foreach (var piece in stored) Assert.True(content.CopyPresent()[piece], $"piece {piece}, failing at {failing}");
            if (isDone) Assert.True(content.IsComplete);
            await StoreBench.AssertServesAsync(content, shared);
            await StoreBench.FetchAsync(content, shared);
            await content.CompleteAsync(CancellationToken.None);
            await content.DisposeAsync();
            var torrent = store.Find(shared.Info.InfoHash)!;
            Assert.Equal(0, (await store.VerifyAsync(torrent, null, CancellationToken.None)).Bad);
            await store.RemoveAsync(torrent, deleteFiles: true, CancellationToken.None);
            Assert.True(Directory.GetFileSystemEntries(bench.Downloads).Length == 0, $"failing at {failing}: {string.Join(' ', Directory.GetFileSystemEntries(bench.Downloads, "*", SearchOption.AllDirectories))}");
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
