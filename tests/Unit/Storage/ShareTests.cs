using Shoal.Core.Geometry;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class ShareTests
{
    private const int Piece = StoreBench.PieceLength;

    [Fact]
    public async Task HashesAnUnchangedPathOnlyOnce()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/a", StoreBench.Content(5 * Piece));
        bench.Folder.Write("folder/b", StoreBench.Content(100, seed: 2));

        var first = await bench.ShareAsync("folder");
        var second = await bench.ShareAsync("folder");
        bench.Folder.Write("folder/b", StoreBench.Content(101, seed: 2));
        var third = await bench.ShareAsync("folder");

        Assert.Equal((5 * Piece + 100, 0), (first.Hashed, first.Known));
        Assert.Equal((0, 5 * Piece + 100), (second.Hashed, second.Known));
        Assert.Equal(first.Info.InfoHash, second.Info.InfoHash);
        Assert.Equal((101, 5 * Piece), (third.Hashed, third.Known));
    }

    [Fact]
    public async Task FoldsKnownHashesUp_WhenThePieceLengthGrows()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("file", StoreBench.Content(21 * Piece + 5));
        await bench.ShareAsync("file", 16 * 1024);

        var folded = await bench.ShareAsync("file", 4 * Piece);
        var (id, layers) = (folded.Info.Files[0].Id, folded.Layers);
        await using var fresh = bench.Open("fresh");
        var hashed = await fresh.ShareAsync(bench.Folder["file"], new ShareSettings { PieceLength = 4 * Piece }, null, CancellationToken.None);

        Assert.Equal(0, folded.Hashed);
        Assert.Equal(hashed.Info.Files[0].Id, id);
        Assert.Equal(hashed.Layers[new FileIndex(0)].ToArray(), layers[new FileIndex(0)].ToArray());
    }

    [Fact]
    public async Task IsNotBegunAnew_WhenItWasInterrupted()
    {
        await using var bench = new StoreBench();
        for (var i = 0; i < 8; i++) bench.Folder.Write($"folder/{i}", StoreBench.Content(3 * 1024 * 1024, i));
        using var stop = new CancellationTokenSource();
        await using (var store = bench.Open("seed"))
        {
            bench.Disk.FailFrom = bench.Disk.Operations + 20;
            await Assert.ThrowsAsync<StoreException>(() => store.ShareAsync(bench.Folder["folder"], new ShareSettings { PieceLength = Piece }, null, CancellationToken.None));
            bench.Disk.FailFrom = 0;
        }

        var second = await bench.ShareAsync("folder");

        Assert.InRange(second.Known, 1, second.Info.Length - 1);
        Assert.Equal(second.Info.Length, second.Known + second.Hashed);
    }

    [Fact]
    public async Task FollowsLinksOnlyInside()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("secret", StoreBench.Content(10));
        bench.Folder.Write("folder/real/file", StoreBench.Content(20));
        File.CreateSymbolicLink(bench.Folder["folder", "inside"], "real/file");
        Directory.CreateSymbolicLink(bench.Folder["folder", "again"], bench.Folder["folder", "real"]);
        Directory.CreateSymbolicLink(bench.Folder["folder", "real", "circle"], bench.Folder["folder"]);
        File.CreateSymbolicLink(bench.Folder["folder", "outside"], "../secret");
        File.CreateSymbolicLink(bench.Folder["folder", "nowhere"], "missing");

        var shared = await bench.ShareAsync("folder");

        Assert.Equal(["again/file", "inside", "real/file"], shared.Info.Files.Select(f => f.DisplayPath));
        Assert.All(bench.Warnings, w => Assert.Equal(StoreWarningKind.LinkSkipped, w.Kind));
        Assert.Equal(4, bench.Warnings.Count);
    }

    [Fact]
    public async Task SkipsPipes_AndFoldersOfItsOwn()
    {
        if (!OperatingSystem.IsLinux()) return;

        await using var bench = new StoreBench();
        bench.Folder.Write("folder/file", StoreBench.Content(20));
        bench.Folder.Write("folder/other", StoreBench.Content(20));
        bench.Folder.Write("folder/.shoal-0123456789abcdef/part", StoreBench.Content(20));
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", bench.Folder["folder", "pipe"])) mkfifo.WaitForExit();

        var shared = await bench.ShareAsync("folder");

        Assert.Equal(["file", "other"], shared.Info.Files.Select(f => f.DisplayPath));
        Assert.Equal([StoreWarningKind.FileSkipped, StoreWarningKind.SpecialFileSkipped], bench.Warnings.Select(w => w.Kind).Order().Reverse());
    }

    [Fact]
    public async Task RefusesWhatCannotBeShared()
    {
        await using var bench = new StoreBench();
        Directory.CreateDirectory(bench.Folder["empty"]);
        bench.Folder.Write("file", [1]);
        await using var store = bench.Open();

        async Task<StoreErrorCode> Refusal(string path, ShareSettings settings) =>
            (await Assert.ThrowsAsync<StoreException>(() => store.ShareAsync(path, settings, null, CancellationToken.None))).Code;

        Assert.Equal(StoreErrorCode.NotFound, await Refusal(bench.Folder["missing"], new ShareSettings()));
        Assert.Equal(StoreErrorCode.NothingToShare, await Refusal(bench.Folder["empty"], new ShareSettings()));
        Assert.Equal(StoreErrorCode.InvalidTorrent, await Refusal(bench.Folder["file"], new ShareSettings { PieceLength = 1000 }));
        Assert.Equal(StoreErrorCode.InvalidTorrent, await Refusal(bench.Folder["file"], new ShareSettings { Name = ".." }));
    }

    [Fact]
    public async Task UsesTheNameItIsGiven_AndServesFromWhereItLies()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("here", StoreBench.Content(3 * Piece));
        await using var store = bench.Open();

        var shared = await store.ShareAsync(bench.Folder["here"], new ShareSettings { Name = "there", PieceLength = Piece, IsPrivate = true }, null, CancellationToken.None);
        var content = await store.OpenAsync(shared.Torrent, CancellationToken.None);

        Assert.Equal("there", shared.Info.Name);
        Assert.True(shared.Torrent.IsPrivate);
        await StoreBench.AssertServesAsync(content, shared);
    }

    [Fact]
    public async Task EntersAPathOnce_WhenItIsSharedTwiceAtATime()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("file", StoreBench.Content(3 * Piece));
        await using var store = bench.Open();

        var shared = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => store.ShareAsync(bench.Folder["file"], new ShareSettings(), null, CancellationToken.None)));

        Assert.Single(store.List());
        Assert.Single(shared.Select(s => s.Info.InfoHash).Distinct());
    }

    [Fact]
    public async Task ServesAFolderOfOneFile_WhichReadsAsThatFile()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/only", StoreBench.Content(3 * Piece));
        var shared = await bench.ShareAsync("folder");
        await using var store = bench.Open("seed");

        var content = await store.OpenAsync(store.Find(shared.Info.InfoHash)!, CancellationToken.None);

        Assert.True(shared.Info.IsSingleFile);
        await StoreBench.AssertServesAsync(content, shared);
    }
}
