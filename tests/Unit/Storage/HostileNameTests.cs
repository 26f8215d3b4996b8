using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Harness.Disk;
using Shoal.Storage;
using Shoal.Storage.Disk;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class HostileNameTests
{
    private const int Piece = StoreBench.PieceLength;

    [Theory]
    [InlineData(".shoal-")]
    [InlineData(".shoal-/folder")]
    [InlineData(".shoal-/folder/sub")]
    [InlineData("folder")]
    [InlineData("folder/sub")]
    public async Task NeverFollowsALink_ThatAFolderBecomesAtAnyMoment(string swapped)
    {
        if (!OperatingSystem.IsLinux()) return;

        await using var bench = new StoreBench();
        bench.Folder.Write("folder/a", StoreBench.Content(Piece + 1));
        bench.Folder.Write("folder/sub/file", StoreBench.Content(100, seed: 2));
        bench.Folder.Write("folder/sub/deep/file", StoreBench.Content(200, seed: 3));
        var shared = await bench.ShareAsync("folder");
        foreach (var prefix in (string[])["", "folder/", "folder/sub/", "sub/"])
        {
            foreach (var name in (string[])["a", "file", "deep/file", "mine"]) bench.Folder.Write($"outside/{prefix}{name}", [1, 2, 3]);
        }

        var before = Tree(bench.Folder["outside"]);
        var staging = DiskNames.StagingOf(shared.Info.InfoHash);
        var path = Path.Join(bench.Downloads, swapped.Replace(".shoal-", staging, StringComparison.Ordinal));
        var swaps = 0;
        for (var at = 1; ; at++)
        {
            Clean(bench.Downloads);
            Directory.CreateDirectory(Path.Join(bench.Downloads, "folder", "sub")); // so that files are moved one by one
            var (operations, isSwapped) = (0, false);
            bench.Disk.Before = _ =>
            {
                if (Interlocked.Increment(ref operations) != at || !Directory.Exists(path)) return;

                Directory.Move(path, path + ".moved");
                Directory.CreateSymbolicLink(path, bench.Folder["outside"]);
                isSwapped = true;
            };
            await RunAsync(bench, shared);
            bench.Disk.Before = null;
            Assert.Equal(before, Tree(bench.Folder["outside"]));
            if (isSwapped) swaps++;
            if (operations < at) break;
        }

        Assert.InRange(swaps, 3, int.MaxValue);
    }

    [Fact]
    public async Task NeverFollowsALink_ThatStandsWhereTheUnfinishedDownloadGoes()
    {
        if (!OperatingSystem.IsLinux()) return;

        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(3 * Piece));
        Directory.CreateDirectory(bench.Folder["outside"]);
        Directory.CreateDirectory(bench.Downloads);
        Directory.CreateSymbolicLink(Path.Join(bench.Downloads, DiskNames.StagingOf(shared.Info.InfoHash)), bench.Folder["outside"]);

        var error = await Assert.ThrowsAsync<StoreException>(() => bench.BeginAsync(bench.Open(), shared, overwrite: true));

        Assert.Equal(StoreErrorCode.Unwritable, error.Code);
        Assert.Empty(Directory.GetFileSystemEntries(bench.Folder["outside"]));
    }

    [Fact]
    public async Task FollowsLinksInThePathThatTheUserNamed()
    {
        if (OperatingSystem.IsWindows()) return;

        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(3 * Piece));
        Directory.CreateDirectory(bench.Folder["real"]);
        Directory.CreateSymbolicLink(bench.Downloads, bench.Folder["real"]);
        var content = await bench.BeginAsync(bench.Open(), shared);

        await StoreBench.FetchAsync(content, shared);
        await content.CompleteAsync(CancellationToken.None);

        Assert.Equal(StoreBench.Content(3 * Piece), File.ReadAllBytes(bench.Folder["real", "file"]));
    }

    [Fact]
    public async Task NeverWritesToWhatIsNoFile()
    {
        if (OperatingSystem.IsWindows()) return;

        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(Piece));
        Directory.CreateDirectory(bench.Downloads);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Join(bench.Downloads, "file")));
        await using var store = bench.Open();

        var error = await Assert.ThrowsAsync<StoreException>(() => bench.BeginAsync(store, shared));
        await using var content = await bench.BeginAsync(store, shared, overwrite: true);
        using var staged = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        staged.Bind(new UnixDomainSocketEndPoint(content.Layout.Staged(new FileIndex(0))));
        var outcome = await content.PutAsync(new PieceIndex(0), StoreBench.Piece(shared, 0), CancellationToken.None);

        Assert.Equal(StoreErrorCode.TargetHoldsOtherContent, error.Code);
        Assert.Equal(PutStatus.Failed, outcome.Status);
    }

    [Theory]
    [InlineData("a", "A", true)]
    [InlineData("caf\u00E9", "cafe\u0301", true)]
    [InlineData("Stra\u00DFe", "STRASSE", true)]
    [InlineData("\u212A", "k", true)]
    [InlineData("sub/x", "SUB/x", true)]
    [InlineData("sub/x", "SUB", true)]
    [InlineData("sub/x", "SUB/y", false)]
    [InlineData("\u65E5\u672C", "\u65E5\u8A9E", false)]
    [InlineData("a", "b", false)]
    public async Task RefusesTwoNamesThatFoldToOne_WhereTheDiskFoldsThem(string first, string second, bool isOne)
    {
        await using var bench = new StoreBench();
        var info = Named(first, second);
        foreach (var folds in (bool[])[true, false])
        {
            var disk = new LossyDisk(folds ? new Folding() : null);
            var store = OpenOn(bench, disk, $"store {folds}");

            if (folds && isOne)
            {
                var error = await Assert.ThrowsAsync<StoreException>(() => store.BeginDownloadAsync(info, new PieceLayers(info), bench.Downloads, new DownloadSettings(), null, CancellationToken.None));
                Assert.Equal(StoreErrorCode.NamesCollide, error.Code);
                Assert.Empty(disk.Tree(bench.Downloads));
                Assert.Empty(store.List());
                continue;
            }

            await using var content = await store.BeginDownloadAsync(info, new PieceLayers(info), bench.Downloads, new DownloadSettings(), null, CancellationToken.None);
            Assert.Equal([DiskNames.StagingOf(info.InfoHash) + "/"], disk.Tree(bench.Downloads));
        }
    }

    [Theory]
    [InlineData("CON", "_CON")]
    [InlineData("con.txt", "_con.txt")]
    [InlineData("nul .tar.gz", "_nul .tar.gz")]
    [InlineData("COM1", "_COM1")]
    [InlineData("LPT\u00B3", "_LPT\u00B3")]
    [InlineData("conin$", "_conin$")]
    [InlineData("console", "console")]
    [InlineData("COM10", "COM10")]
    [InlineData("a.CON", "a.CON")]
    public void MendsWhatWindowsTakesForADevice(string name, string mended) => Assert.Equal(mended, DiskNames.MendForWindows(name));

    [Theory]
    [InlineData("store")]
    [InlineData("store/torrents")]
    [InlineData("link")]
    public async Task FetchesNothingIntoTheStoresOwnFolder(string folder)
    {
        await using var bench = new StoreBench();
        var info = Named("catalogue.db-journal", "lock");
        await using var store = bench.Open();
        await store.ShareAsync(bench.Folder.Write("mine", [1]), new ShareSettings(), null, CancellationToken.None);
        Directory.CreateSymbolicLink(bench.Folder["link"], bench.Folder["store"]);

        var error = await Assert.ThrowsAsync<StoreException>(() => store.BeginDownloadAsync(info, new PieceLayers(info), bench.Folder[folder.Split('/')], new DownloadSettings { Overwrite = true }, null, CancellationToken.None));

        Assert.Equal(StoreErrorCode.TargetHoldsOtherContent, error.Code);
        Assert.Contains("choose another", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LeavesANewerStoreAlone_AlsoInTheMiddleOfItsWork()
    {
        await using var bench = new StoreBench();
        await bench.Open("new").DisposeAsync();
        Directory.CreateDirectory(bench.Folder["store"]);
        using (var connection = new SqliteConnection($"Data Source={bench.Folder["new", "catalogue.db"]};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "CREATE TABLE later (x); PRAGMA user_version = 99";
            command.ExecuteNonQuery();
            foreach (var part in (string[])["", "-wal"]) File.Copy(bench.Folder["new", "catalogue.db" + part], bench.Folder["store", "catalogue.db" + part]);
        }

        bench.Folder.Write("store/torrents/x", [7]);
        var before = Contents(bench);

        Assert.Equal(StoreErrorCode.NewerVersion, Assert.Throws<StoreException>(() => bench.Open()).Code);
        Assert.Equal(before, Contents(bench));
    }

    private static List<(string, string)> Contents(StoreBench bench) =>
        [.. Directory.GetFiles(bench.Folder["store"], "*", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(f) is not ("lock" or "catalogue.db-shm"))
            .Order(StringComparer.Ordinal)
            .Select(f => (f, Convert.ToHexString(File.ReadAllBytes(f))))];

    private static async Task RunAsync(StoreBench bench, ShareResult shared)
    {
        await using var store = bench.Open($"store {Guid.NewGuid():N}");
        try
        {
            await using (var content = await bench.BeginAsync(store, shared, overwrite: true))
            {
                await StoreBench.FetchAsync(content, shared);
                await content.CompleteAsync(CancellationToken.None);
            }

            await store.RemoveAsync(store.Find(shared.Info.InfoHash)!, deleteFiles: true, CancellationToken.None);
        }
        catch (StoreException)
        {
            // a link in the way
        }
    }

    private static Store OpenOn(StoreBench bench, LossyDisk disk, string name)
    {
        Directory.CreateDirectory(bench.Folder[name]);
        disk.CreateFolder(bench.Downloads);
        return bench.Open(name, disk: disk);
    }

    private static TorrentInfo Named(params string[] paths) => TorrentInfoWriter.Write(
        "name", Piece, [.. paths.Select((p, i) => new TorrentFile { Path = p.Split('/'), Length = 5, Id = new FileId(Hash.Sha256([(byte)i])) })]);

    private static List<string> Tree(string folder) =>
        [.. Directory.GetFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(p => p + (File.Exists(p) ? $" {new FileInfo(p).Length} {File.GetLastWriteTimeUtc(p).Ticks}" : ""))];

    /// <summary>Deletes what is in a folder, links and not what they lead to.</summary>
    private static void Clean(string folder)
    {
        if (!Directory.Exists(folder)) return;

        foreach (var path in Directory.GetFileSystemEntries(folder))
        {
            if (File.GetAttributes(path) is var a && (a & FileAttributes.ReparsePoint) != 0) File.Delete(path);
            else if ((a & FileAttributes.Directory) != 0)
            {
                Clean(path);
                Directory.Delete(path);
            }
            else File.Delete(path);
        }
    }

    /// <summary>A disk that ignores case as Unicode folds it, and how letters are composed; as much of both as the names here need.</summary>
    private sealed class Folding : StringComparer
    {
        public override int Compare(string? x, string? y) => string.CompareOrdinal(Fold(x), Fold(y));

        public override bool Equals(string? x, string? y) => Fold(x) == Fold(y);

        public override int GetHashCode(string obj) => Fold(obj)!.GetHashCode(StringComparison.Ordinal);

        private static string? Fold(string? name) => name?.Replace("e\u0301", "\u00E9", StringComparison.Ordinal).Replace("\u00DF", "ss", StringComparison.Ordinal).Replace('\u212A', 'k').ToLowerInvariant();
    }
}
