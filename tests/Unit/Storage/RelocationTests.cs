using Shoal.Core.Geometry;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class RelocationTests
{
    private const int Piece = StoreBench.PieceLength;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ServesFromTheNewPlace(bool isOpen)
    {
        await using var bench = new StoreBench();
        var (store, torrent) = await ShareFolderAsync(bench);
        await using var open = isOpen ? await store.OpenAsync(torrent, CancellationToken.None) : null;
        if (open is not null) Assert.True(await open.TryReadAsync(new PieceIndex(0), 0, new byte[100], CancellationToken.None));
        Directory.CreateDirectory(bench.Folder["elsewhere"]);
        Directory.Move(bench.Folder["folder"], bench.Folder["elsewhere/renamed"]);

        var moved = await store.RelocateAsync(torrent, bench.Folder["elsewhere/renamed"], null, CancellationToken.None);

        await using var content = open ?? await store.OpenAsync(moved, CancellationToken.None);
        var read = new byte[Piece];
        Assert.True(await content.TryReadAsync(new PieceIndex(0), 0, read, CancellationToken.None));
        Assert.Equal(StoreBench.Content(3 * Piece + 1)[..Piece], read);
        Assert.Equal(bench.Folder["elsewhere/renamed"], store.List()[0].Path);
        await store.AbandonAsync();
        await using var again = bench.Open();
        Assert.Equal(bench.Folder["elsewhere/renamed"], Assert.Single(again.List()).Path);
        Assert.Equal(0, (await again.VerifyAsync(again.List()[0], null, CancellationToken.None)).Bad);
    }

    [Fact]
    public async Task TakesInAgainWhatWasFoundMissing()
    {
        await using var bench = new StoreBench();
        var (store, torrent) = await ShareFolderAsync(bench);
        Directory.Move(bench.Folder["folder"], bench.Folder["moved"]);
        Assert.True((await store.VerifyAsync(torrent, null, CancellationToken.None)).Bad > 0);

        var moved = await store.RelocateAsync(torrent, bench.Folder["moved"], null, CancellationToken.None);

        Assert.True(moved.IsComplete);
        Assert.Equal(moved.Length, store.List()[0].Have);
    }

    [Theory]
    [InlineData("changed", StoreErrorCode.TargetHoldsOtherContent)]
    [InlineData("shorter", StoreErrorCode.TargetHoldsOtherContent)]
    [InlineData("missing", StoreErrorCode.NotFound)]
    [InlineData("nothing", StoreErrorCode.NotFound)]
    [InlineData("file", StoreErrorCode.TargetHoldsOtherContent)]
    [InlineData("link", StoreErrorCode.TargetHoldsOtherContent)]
    [InlineData("link to a file", StoreErrorCode.TargetHoldsOtherContent)]
    [InlineData("link to a folder", StoreErrorCode.TargetHoldsOtherContent)]
    [InlineData("device", StoreErrorCode.TargetHoldsOtherContent)]
    [InlineData("store", StoreErrorCode.TargetHoldsOtherContent)]
    public async Task RefusesWhatIsNotTheContentItself(string what, StoreErrorCode expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links and devices");
        await using var bench = new StoreBench();
        var (store, torrent) = await ShareFolderAsync(bench);
        var target = bench.Folder["target"];
        Copy(bench.Folder["folder"], target);
        switch (what)
        {
            case "changed":
                using (var file = File.OpenWrite(Path.Join(target, "a")))
                {
                    file.Position = Piece;
                    file.WriteByte(99);
                }

                break;
            case "shorter":
                File.WriteAllBytes(Path.Join(target, "a"), StoreBench.Content(3 * Piece));
                break;
            case "missing":
                File.Delete(Path.Join(target, "sub", "b"));
                break;
            case "nothing":
                target += "-not";
                break;
            case "file":
                target = Path.Join(target, "a");
                break;
            case "link":
                File.CreateSymbolicLink(target + "-link", target);
                target += "-link";
                break;
            case "link to a file":
                File.Delete(Path.Join(target, "a"));
                File.CreateSymbolicLink(Path.Join(target, "a"), bench.Folder["folder/a"]);
                break;
            case "link to a folder":
                Directory.Delete(Path.Join(target, "sub"), true);
                File.CreateSymbolicLink(Path.Join(target, "sub"), bench.Folder["folder/sub"]);
                break;
            case "device":
                target = "/dev/null";
                break;
            default:
                Directory.Move(target, bench.Folder["store/within"]);
                target = bench.Folder["store/within"];
                break;
        }

        var error = await Assert.ThrowsAsync<StoreException>(() => store.RelocateAsync(torrent, target, null, CancellationToken.None));

        Assert.Equal(expected, error.Code);
        Assert.Equal(torrent.Path, store.List()[0].Path);
        Assert.Equal(0, (await store.VerifyAsync(torrent, null, CancellationToken.None)).Bad);
    }

    [Fact]
    public async Task SaysWhatIsTrue_WhereverTheDiskFails()
    {
        await using var bench = new StoreBench();
        var (store, torrent) = await ShareFolderAsync(bench);
        await store.DisposeAsync();
        Copy(bench.Folder["folder"], bench.Folder["moved"]);
        var failed = true;
        for (var failing = 1; failed; failing++)
        {
            var attempt = bench.Open();
            var before = bench.Disk.Operations;
            bench.Disk.FailFrom = before + failing;
            var moved = true;
            try
            {
                await attempt.RelocateAsync(attempt.List()[0], bench.Folder["moved"], null, CancellationToken.None);
            }
            catch (StoreException)
            {
                moved = false;
            }

            failed = bench.Disk.Operations - before >= failing;
            await attempt.AbandonAsync();
            bench.Disk.FailFrom = 0;

            await using var again = bench.Open();
            Assert.Equal(moved ? bench.Folder["moved"] : torrent.Path, Assert.Single(again.List()).Path);
            Assert.Equal(0, (await again.VerifyAsync(again.List()[0], null, CancellationToken.None)).Bad);
        }

        Assert.False(failed);
    }

    [Fact]
    public async Task LeavesOwnCopiesInTheStore()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("file", StoreBench.Content(Piece));
        await using var store = bench.Open();
        var own = await store.ShareAsync(bench.Folder["file"], new ShareSettings { Copy = true }, null, CancellationToken.None);

        await Assert.ThrowsAsync<StoreException>(() => store.RelocateAsync(own.Torrent, bench.Folder["file"], null, CancellationToken.None));

        Assert.Equal(own.Torrent.Path, store.List()[0].Path);
    }

    private static async Task<(Store Store, StoredTorrent Torrent)> ShareFolderAsync(StoreBench bench)
    {
        bench.Folder.Write("folder/a", StoreBench.Content(3 * Piece + 1));
        bench.Folder.Write("folder/sub/b", StoreBench.Content(10, seed: 2));
        var store = bench.Open();
        return (store, (await store.ShareAsync(bench.Folder["folder"], new ShareSettings { PieceLength = Piece }, null, CancellationToken.None)).Torrent);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Join(to, Path.GetFileName(file)));
        foreach (var folder in Directory.GetDirectories(from)) Copy(folder, Path.Join(to, Path.GetFileName(folder)));
    }
}
