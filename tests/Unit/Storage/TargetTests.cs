using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class TargetTests
{
    private const int Piece = StoreBench.PieceLength;

    [Fact]
    public async Task ReusesAFileThatStandsThereWhole()
    {
        await using var bench = new StoreBench();
        var bytes = StoreBench.Content(5 * Piece + 7);
        var shared = await bench.ShareAsync("file", bytes);
        bench.Folder.Write("downloads/file", bytes);
        var store = bench.Open();

        var content = await bench.BeginAsync(store, shared);

        Assert.True(content.CopyPresent().IsFull);
        Assert.Equal(bytes.Length, content.ReusedBytes);
        Assert.Equal(bench.Folder["downloads", "file"], await content.CompleteAsync(CancellationToken.None));
        Assert.Single(Directory.GetFileSystemEntries(bench.Downloads));
    }

    [Fact]
    public async Task ReusesAFileWhosePieceLayerIsNotKnown()
    {
        await using var bench = new StoreBench();
        var bytes = StoreBench.Content(5 * Piece + 7);
        var shared = await bench.ShareAsync("file", bytes);
        bench.Folder.Write("downloads/file", bytes);
        var store = bench.Open();
        var layers = new PieceLayers(shared.Info);

        var content = await store.BeginDownloadAsync(shared.Info, layers, bench.Downloads, new DownloadSettings(), null, CancellationToken.None);

        Assert.True(content.CopyPresent().IsFull);
        Assert.Equal(0, content.Layers.Missing);
    }

    [Theory]
    [InlineData(3 * Piece)]
    [InlineData(10)]
    public async Task RefusesOtherContent_BeforeAnythingIsChanged(int length)
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(3 * Piece));
        var other = StoreBench.Content(length, seed: 9);
        bench.Folder.Write("downloads/file", other);
        var store = bench.Open();

        var error = await Assert.ThrowsAsync<StoreException>(() => bench.BeginAsync(store, shared));

        Assert.Equal(StoreErrorCode.TargetHoldsOtherContent, error.Code);
        Assert.Equal(other, File.ReadAllBytes(bench.Folder["downloads", "file"]));
        Assert.Single(Directory.GetFileSystemEntries(bench.Downloads));
        Assert.Empty(store.List());
    }

    [Fact]
    public async Task ReplacesOtherContent_WhenToldTo_AndUsesWhatMatches()
    {
        await using var bench = new StoreBench();
        var bytes = StoreBench.Content(6 * Piece);
        var shared = await bench.ShareAsync("file", bytes);
        var other = bytes[..(4 * Piece)];
        other[2 * Piece] ^= 1;
        bench.Folder.Write("downloads/file", other);
        var store = bench.Open();

        var content = await bench.BeginAsync(store, shared, overwrite: true);
        var before = File.ReadAllBytes(bench.Folder["downloads", "file"]);
        var fetched = await StoreBench.FetchAsync(content, shared);
        await content.CompleteAsync(CancellationToken.None);

        Assert.Equal(other, before);
        Assert.Equal(3, fetched);
        Assert.Equal(3 * Piece, content.ReusedBytes);
        Assert.Equal(bytes, File.ReadAllBytes(bench.Folder["downloads", "file"]));
    }

    [Fact]
    public async Task LeavesUnrelatedFilesOfAFolderAlone()
    {
        await using var bench = new StoreBench();
        for (var i = 0; i < 4; i++) bench.Folder.Write($"folder/sub/{i}", StoreBench.Content(Piece + i, i));
        var shared = await bench.ShareAsync("folder");
        bench.Folder.Write("downloads/folder/mine", [1, 2, 3]);
        bench.Folder.Write("downloads/folder/sub/2", StoreBench.Content(Piece + 2, 2));
        var store = bench.Open();

        var content = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(content, shared);
        await content.CompleteAsync(CancellationToken.None);

        Assert.Equal([1, 2, 3], File.ReadAllBytes(bench.Folder["downloads", "folder", "mine"]));
        for (var i = 0; i < 4; i++) Assert.Equal(StoreBench.Content(Piece + i, i), File.ReadAllBytes(bench.Folder["downloads", "folder", "sub", $"{i}"]));
        Assert.Equal(Piece + 2, content.ReusedBytes);
    }

    [Fact]
    public async Task NeverFollowsALinkInsideTheTarget()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/sub/file", StoreBench.Content(100));
        bench.Folder.Write("folder/other", StoreBench.Content(100));
        var shared = await bench.ShareAsync("folder");
        Directory.CreateDirectory(bench.Folder["outside"]);
        Directory.CreateDirectory(bench.Folder["downloads", "folder"]);
        Directory.CreateSymbolicLink(bench.Folder["downloads", "folder", "sub"], bench.Folder["outside"]);
        var store = bench.Open();

        var error = await Assert.ThrowsAsync<StoreException>(() => bench.BeginAsync(store, shared, overwrite: true));

        Assert.Equal(StoreErrorCode.TargetHoldsOtherContent, error.Code);
        Assert.Empty(Directory.GetFileSystemEntries(bench.Folder["outside"]));
    }

    [Fact]
    public async Task NeverFollowsALinkThatAppearsWhileDownloading()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/sub/file", StoreBench.Content(100));
        bench.Folder.Write("folder/other", StoreBench.Content(100));
        var shared = await bench.ShareAsync("folder");
        var store = bench.Open();
        var content = await bench.BeginAsync(store, shared, overwrite: true);
        await StoreBench.FetchAsync(content, shared);
        Directory.CreateDirectory(bench.Folder["outside"]);
        Directory.CreateDirectory(bench.Folder["downloads", "folder"]);
        Directory.CreateSymbolicLink(bench.Folder["downloads", "folder", "sub"], bench.Folder["outside"]);

        await Assert.ThrowsAsync<StoreException>(() => content.CompleteAsync(CancellationToken.None));

        Assert.Empty(Directory.GetFileSystemEntries(bench.Folder["outside"]));
    }

    [Fact]
    public async Task GoesOn_WhenTheFileInTheWayIsMovedOut()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(3 * Piece));
        var store = bench.Open();
        var content = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(content, shared);
        var inTheWay = bench.Folder.Write("downloads/file", [1]);

        var error = await Assert.ThrowsAsync<StoreException>(() => content.CompleteAsync(CancellationToken.None));
        File.Delete(inTheWay);

        Assert.Equal(StoreErrorCode.TargetHoldsOtherContent, error.Code);
        Assert.Equal(StoreBench.Content(3 * Piece), File.ReadAllBytes(await content.CompleteAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task CopiesThrough_WhatTheStoreHasElsewhere()
    {
        await using var bench = new StoreBench();
        var bytes = StoreBench.Content(9 * Piece + 3);
        var shared = await bench.ShareAsync("file", bytes);
        var store = bench.Open("seed");

        var content = await bench.BeginAsync(store, shared);

        Assert.True(content.CopyPresent().IsFull);
        Assert.Equal(bytes.Length, content.ReusedBytes);
        Assert.Equal(bytes, File.ReadAllBytes(await content.CompleteAsync(CancellationToken.None)));
        Assert.Equal(2, store.FindFiles(shared.Info.Files[0].Id, bytes.Length).Count);
    }

    [Fact]
    public async Task CopiesThrough_FilesOfAnotherTorrent_AtAnotherPieceLength()
    {
        await using var bench = new StoreBench();
        var (same, other) = (StoreBench.Content(9 * Piece + 3), StoreBench.Content(5 * Piece, seed: 2));
        bench.Folder.Write("old/name", same);
        await bench.ShareAsync("old", pieceLength: 16 * 1024);
        bench.Folder.Write("new/another name", same);
        bench.Folder.Write("new/second", other);
        await using var maker = bench.Open("maker");
        var shared = await maker.ShareAsync(bench.Folder["new"], new ShareSettings { PieceLength = Piece }, null, CancellationToken.None);
        var store = bench.Open("seed");

        var content = await bench.BeginAsync(store, shared);

        Assert.Equal(same.Length, content.ReusedBytes);
        Assert.Equal(5, await StoreBench.FetchAsync(content, shared));
        var path = await content.CompleteAsync(CancellationToken.None);
        Assert.Equal(same, File.ReadAllBytes(Path.Join(path, "another name")));
    }

    [Fact]
    public async Task IsDoneAtOnce_WhenTheTargetIsTheSharedSource()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("downloads/file", StoreBench.Content(9 * Piece));
        var store = bench.Open("seed");

        var content = await bench.BeginAsync(store, shared);
        await store.RemoveAsync(store.Find(shared.Info.InfoHash)!, deleteFiles: true, CancellationToken.None);

        Assert.True(content.IsComplete);
        Assert.True(File.Exists(bench.Folder["downloads", "file"]));
    }

    [Fact]
    public async Task FetchesAgain_WhatWasDeletedAfterwards()
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/a", StoreBench.Content(2 * Piece));
        bench.Folder.Write("folder/b", StoreBench.Content(3 * Piece, seed: 2));
        var shared = await bench.ShareAsync("folder");
        var store = bench.Open();
        var first = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(first, shared);
        var path = await first.CompleteAsync(CancellationToken.None);
        File.Delete(Path.Join(path, "b"));

        var content = await bench.BeginAsync(store, shared);

        Assert.Equal(3, await StoreBench.FetchAsync(content, shared));
        await content.CompleteAsync(CancellationToken.None);
        Assert.Equal(StoreBench.Content(3 * Piece, seed: 2), File.ReadAllBytes(Path.Join(path, "b")));
    }

    [Fact]
    public async Task NeverReplacesWhatTheUserChangedAfterwards()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(2 * Piece));
        var store = bench.Open();
        var first = await bench.BeginAsync(store, shared);
        await StoreBench.FetchAsync(first, shared);
        var path = await first.CompleteAsync(CancellationToken.None);
        File.WriteAllText(path, "mine now");

        var error = await Assert.ThrowsAsync<StoreException>(() => bench.BeginAsync(store, shared));

        Assert.Equal(StoreErrorCode.TargetHoldsOtherContent, error.Code);
        Assert.Equal("mine now", File.ReadAllText(path));
    }

    [Fact]
    public async Task RefusesToBegin_WhenThereIsNoRoom()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(3 * Piece));
        bench.Disk.ReportedFree = 3 * Piece - 1;
        var store = bench.Open();

        var error = await Assert.ThrowsAsync<StoreException>(() => bench.BeginAsync(store, shared));

        Assert.Equal(StoreErrorCode.NoSpace, error.Code);
        Assert.False(Directory.Exists(bench.Downloads));
    }

    [Fact]
    public async Task KeepsNamesApart_ThatThisDiskCannotStore()
    {
        await using var bench = new StoreBench();
        var id = new FileId(Hash.Sha256([1]));
        var written = TorrentInfoWriter.Write("name", Piece, [.. "_`z".Select(c => new TorrentFile { Path = [$"{c}"], Length = 5, Id = id }), new TorrentFile { Path = [new string('x', 300)], Length = 5, Id = id }]);
        var raw = written.Bytes.ToArray();
        raw[raw.AsSpan().IndexOf("1:_"u8) + 2] = (byte)'/';
        raw[raw.AsSpan().IndexOf("1:`"u8) + 2] = (byte)'_';
        Assert.Equal(MetainfoError.None, TorrentInfoReader.Read(raw, out var info));
        await using var store = bench.Open();

        var content = await store.BeginDownloadAsync(info, new PieceLayers(info), bench.Downloads, new DownloadSettings(), null, CancellationToken.None);

        var paths = Enumerable.Range(0, 4).Select(i => content.Layout.Final(new FileIndex(i))).ToList();
        Assert.Equal(4, paths.Distinct().Count());
        Assert.All(paths, p => Assert.Equal(bench.Folder["downloads", "name"], Path.GetDirectoryName(p)));
        Assert.All(paths, p => Assert.InRange(Path.GetFileName(p).Length, 1, 255));
    }

    [Fact]
    public async Task MakesLinksOfTheTorrent_ThatStayInside()
    {
        if (OperatingSystem.IsWindows()) return;

        await using var bench = new StoreBench();
        var info = Links("d9:file treed1:ad0:d4:attr1:l6:lengthi0e12:symlink pathl3:sub1:feee3:subd1:fd0:d6:lengthi0eee1:ld0:d4:attr1:l6:lengthi0e12:symlink pathl1:aeeeee12:meta versioni2e4:name1:n12:piece lengthi65536ee");
        var store = bench.Open();

        var content = await store.BeginDownloadAsync(info, new PieceLayers(info), bench.Downloads, new DownloadSettings(), null, CancellationToken.None);
        var path = await content.CompleteAsync(CancellationToken.None);

        Assert.Equal("sub/f", new FileInfo(Path.Join(path, "a")).LinkTarget);
        Assert.Equal("../a", new FileInfo(Path.Join(path, "sub", "l")).LinkTarget);
    }

    private static TorrentInfo Links(string bencoded)
    {
        Assert.Equal(MetainfoError.None, TorrentInfoReader.Read(System.Text.Encoding.UTF8.GetBytes(bencoded), out var info));
        return info;
    }
}
