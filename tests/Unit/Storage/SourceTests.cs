using Shoal.Core.Geometry;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class SourceTests
{
    private const int Piece = StoreBench.PieceLength;

    [Fact]
    public async Task ServesNothingOfWhatChanged_AndGoesOnServingTheRest()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(6 * Piece));
        await using var store = bench.Open("seed");
        var content = await store.OpenAsync(shared.Torrent, CancellationToken.None);
        var lost = new TaskCompletionSource<PieceIndex>(TaskCreationOptions.RunContinuationsAsynchronously);
        content.Lost += lost.SetResult;
        await StoreBench.AssertServesAsync(content, shared);
        using (var handle = File.OpenHandle(bench.Folder["file"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            RandomAccess.Write(handle, [1, 2, 3, 4], 2 * Piece);
        }

        var read = await content.TryReadAsync(new PieceIndex(0), 0, new byte[10], CancellationToken.None);
        var piece = await lost.Task;
        await store.DisposeAsync();

        Assert.False(read);
        Assert.Equal(2, piece.Value);
        Assert.Equal(StoreWarningKind.SourceChanged, Assert.Single(bench.Warnings).Kind);
        await using var reopened = bench.Open("seed");
        var again = await reopened.OpenAsync(reopened.Find(shared.Info.InfoHash)!, CancellationToken.None);
        Assert.Equal(5, again.CopyPresent().Count);
        Assert.True(await again.TryReadAsync(new PieceIndex(0), 0, new byte[10], CancellationToken.None));
        Assert.Equal(1, (await reopened.VerifyAsync(again.Torrent, null, CancellationToken.None)).Bad);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FindsOutFromWhatIsOpen_WhenASourceIsWrittenTo(bool isCached)
    {
        await using var bench = new StoreBench();
        bench.Disk.IsCached = isCached;
        var shared = await bench.ShareAsync("file", StoreBench.Content(2 * Piece));
        await using var store = bench.Open("seed", sourceCheck: TimeSpan.FromDays(1));
        var content = await store.OpenAsync(shared.Torrent, CancellationToken.None);
        await StoreBench.AssertServesAsync(content, shared);
        bench.Folder.Write("file", StoreBench.Content(2 * Piece, seed: 5));

        Assert.False(await content.TryReadAsync(new PieceIndex(0), 0, new byte[10], CancellationToken.None));
    }

    [Fact]
    public async Task FindsOut_WhenASourceIsReplaced()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(2 * Piece));
        await using var store = bench.Open("seed");
        var content = await store.OpenAsync(shared.Torrent, CancellationToken.None);
        await StoreBench.AssertServesAsync(content, shared);
        bench.Folder.Write("new", StoreBench.Content(2 * Piece, seed: 5));
        File.Move(bench.Folder["new"], bench.Folder["file"], overwrite: true);

        Assert.False(await content.TryReadAsync(new PieceIndex(0), 0, new byte[10], CancellationToken.None));
    }

    [Fact]
    public async Task ServesOn_WhenOnlyTheTimeChanged()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(6 * Piece));
        File.SetLastWriteTimeUtc(bench.Folder["file"], new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        await using (var store = bench.Open("seed"))
        {
            var content = await store.OpenAsync(shared.Torrent, CancellationToken.None);
            Assert.False(await content.TryReadAsync(new PieceIndex(0), 0, new byte[10], CancellationToken.None));
            await store.FinishBackgroundAsync();
            await StoreBench.AssertServesAsync(content, shared);
        }

        await using var reopened = bench.Open("seed");
        var again = await reopened.OpenAsync(reopened.Find(shared.Info.InfoHash)!, CancellationToken.None);
        Assert.True(again.CopyPresent().IsFull);
        await StoreBench.AssertServesAsync(again, shared);
        Assert.Empty(bench.Warnings);
    }

    [Fact]
    public async Task LosesEveryPiece_WhenTheSourceIsGone()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(6 * Piece));
        await using var store = bench.Open("seed");
        var content = await store.OpenAsync(shared.Torrent, CancellationToken.None);
        File.Delete(bench.Folder["file"]);

        Assert.False(await content.TryReadAsync(new PieceIndex(3), 0, new byte[10], CancellationToken.None));
        await store.FinishBackgroundAsync();

        Assert.True(content.CopyPresent().IsEmpty);
        Assert.Equal(StoreWarningKind.SourceMissing, Assert.Single(bench.Warnings).Kind);
        Assert.Equal(0, store.Find(shared.Info.InfoHash)!.Have);
    }

    [Fact]
    public async Task VerifyFindsWhatIsBad_AndWhatIsRightAgain()
    {
        await using var bench = new StoreBench();
        var bytes = StoreBench.Content(6 * Piece);
        var shared = await bench.ShareAsync("file", bytes);
        await using var store = bench.Open("seed");
        var broken = (byte[])bytes.Clone();
        broken[3 * Piece] ^= 1;
        File.WriteAllBytes(bench.Folder["file"], broken);

        var bad = await store.VerifyAsync(store.Find(shared.Info.InfoHash)!, null, CancellationToken.None);
        File.WriteAllBytes(bench.Folder["file"], bytes);
        var good = await store.VerifyAsync(store.Find(shared.Info.InfoHash)!, null, CancellationToken.None);

        Assert.Equal((5, 1), (bad.Ok, bad.Bad));
        Assert.Equal([new FileIndex(0)], bad.BadFiles);
        Assert.Equal((6, 0), (good.Ok, good.Bad));
        Assert.True(store.Find(shared.Info.InfoHash)!.IsComplete);
    }

    [Fact]
    public async Task RemoveDeletesWhatWasDownloaded_AndNothingElse()
    {
        await using var bench = new StoreBench();
        for (var i = 0; i < 3; i++) bench.Folder.Write($"folder/sub/{i}", StoreBench.Content(Piece + i, i));
        var shared = await bench.ShareAsync("folder");
        bench.Folder.Write("downloads/folder/sub/1", StoreBench.Content(Piece + 1, 1));
        var store = bench.Open();
        await using (var content = await bench.BeginAsync(store, shared))
        {
            await StoreBench.FetchAsync(content, shared);
            await content.CompleteAsync(CancellationToken.None);
        }

        await store.RemoveAsync(store.Find(shared.Info.InfoHash)!, deleteFiles: true, CancellationToken.None);

        Assert.Equal(["1"], Directory.GetFiles(bench.Folder["downloads", "folder", "sub"]).Select(Path.GetFileName));
        Assert.Empty(store.List());
        Assert.Empty(store.FindFiles(shared.Info.Files[0].Id, Piece));
    }
}
