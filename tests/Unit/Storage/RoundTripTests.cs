using Shoal.Core.Geometry;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class RoundTripTests
{
    private const int Piece = StoreBench.PieceLength, Block = 16 * 1024;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Block - 1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData(Piece - 1)]
    [InlineData(Piece)]
    [InlineData(Piece + 1)]
    [InlineData(7 * Piece + 3 * Block + 5)]
    [InlineData(40 * Piece)]
    public async Task DownloadsWhatWasShared_AtEverySizeThatMatters(int length)
    {
        await using var bench = new StoreBench();
        var bytes = StoreBench.Content(length);
        var shared = await bench.ShareAsync("a file.bin", bytes);
        await using var store = bench.Open();

        await using var content = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(content, shared);
        var path = await content.CompleteAsync(CancellationToken.None);

        Assert.Equal(Path.Join(bench.Downloads, "a file.bin"), path);
        Assert.Equal(bytes, File.ReadAllBytes(path));
        Assert.True(content.IsComplete);
        await StoreBench.AssertServesAsync(content, shared);
        Assert.Empty(Directory.GetDirectories(bench.Downloads));
    }

    [Fact]
    public async Task DownloadsAFolder_WithEveryKindOfName()
    {
        await using var bench = new StoreBench();
        string[] names = ["plain", "with space", "e\u0301 combining", "\U0001F40B whale", new string('n', 255), "a/b/c/d/e/f/g/deep", "empty", "back\\slash"];
        for (var i = 0; i < names.Length; i++) bench.Folder.Write(Path.Join("folder", names[i]), StoreBench.Content(names[i] == "empty" ? 0 : 50_000 * i + 1, i));
        var shared = await bench.ShareAsync("folder");
        await using var store = bench.Open();

        await using var content = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(content, shared);
        var path = await content.CompleteAsync(CancellationToken.None);

        foreach (var name in names) Assert.Equal(File.ReadAllBytes(bench.Folder["folder", name]), File.ReadAllBytes(Path.Join(path, name)));
    }

    [Fact]
    public async Task KeepsExecutableBits()
    {
        if (OperatingSystem.IsWindows()) return;

        await using var bench = new StoreBench();
        var script = bench.Folder.Write("folder/run.sh", StoreBench.Content(100));
        bench.Folder.Write("folder/data", StoreBench.Content(100));
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var shared = await bench.ShareAsync("folder");
        await using var store = bench.Open();

        await using var content = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(content, shared);
        var path = await content.CompleteAsync(CancellationToken.None);

        Assert.True(File.GetUnixFileMode(Path.Join(path, "run.sh")).HasFlag(UnixFileMode.UserExecute));
        Assert.False(File.GetUnixFileMode(Path.Join(path, "data")).HasFlag(UnixFileMode.UserExecute));
    }

    [Fact]
    public async Task RefusesBytesThatAreNotThePiece()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(3 * Piece));
        await using var store = bench.Open();
        await using var content = await bench.BeginAsync(store, shared);
        var wrong = StoreBench.Piece(shared, 1);
        wrong[100] ^= 1;

        var outcome = await content.PutAsync(new PieceIndex(1), wrong, CancellationToken.None);
        var tooShort = await content.PutAsync(new PieceIndex(1), new byte[10], CancellationToken.None);

        Assert.Equal(PutStatus.Corrupt, outcome.Status);
        Assert.Equal(PutStatus.Corrupt, tooShort.Status);
        Assert.Equal(0, content.CopyPresent().Count);
    }

    [Fact]
    public async Task GivesTheLeavesOfAPiece()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(2 * Piece + Block + 1));
        await using var store = bench.Open("seed");
        await using var content = await store.OpenAsync(store.Find(shared.Info.InfoHash)!, CancellationToken.None);
        var leaves = new byte[2 * 32];
        var expected = new byte[2 * 32];
        Shoal.Core.Merkle.MerkleTree.HashLeaves(StoreBench.Piece(shared, 2), expected);

        var read = await content.TryReadLeavesAsync(new PieceIndex(2), leaves, CancellationToken.None);

        Assert.True(read);
        Assert.Equal(expected, leaves);
    }

    [Fact]
    public async Task ReadsOnTheCallersThread_OnlyWhenThereIsNothingToWaitFor()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(2 * Piece));
        await using var store = bench.Open("seed", sourceCheck: TimeSpan.FromDays(1));
        await using var content = await store.OpenAsync(store.Find(shared.Info.InfoHash)!, CancellationToken.None);
        await StoreBench.AssertServesAsync(content, shared);
        var bytes = new byte[Block];

        bench.Disk.IsCached = true;
        var now = content.TryReadAsync(new PieceIndex(1), Block, bytes, CancellationToken.None);
        Assert.True(now.IsCompletedSuccessfully);
        Assert.True(await now);
        Assert.Equal(StoreBench.Piece(shared, 1)[Block..(2 * Block)], bytes);

        bench.Disk.IsCached = false;
        Assert.True(await content.TryReadAsync(new PieceIndex(0), 0, bytes, CancellationToken.None));
        Assert.Equal(StoreBench.Piece(shared, 0)[..Block], bytes);
    }

    [Fact]
    public async Task ServesPartsOfPieces_WhileDownloading()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(4 * Piece));
        await using var store = bench.Open();
        await using var content = await bench.BeginAsync(store, shared);
        await content.PutAsync(new PieceIndex(2), StoreBench.Piece(shared, 2), CancellationToken.None);
        var bytes = new byte[Block];

        Assert.True(await content.TryReadAsync(new PieceIndex(2), Block, bytes, CancellationToken.None));
        Assert.Equal(StoreBench.Piece(shared, 2)[Block..(2 * Block)], bytes);
        Assert.False(await content.TryReadAsync(new PieceIndex(1), 0, bytes, CancellationToken.None));
    }
}
