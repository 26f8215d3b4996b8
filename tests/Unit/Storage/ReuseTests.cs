using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Harness.Disk;
using Shoal.Storage;
using Shoal.Storage.Disk;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class ReuseTests : IAsyncDisposable
{
    private const int Piece = StoreBench.PieceLength;
    private const int Pieces = 16;

    private readonly StoreBench _bench = new();
    private readonly byte[] _old = StoreBench.Content(Pieces * Piece + 500);

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Theory]
    [InlineData(Piece, Piece, 3)]
    [InlineData(Piece, 4 * Piece, 3)] // what is held lies in smaller pieces
    [InlineData(4 * Piece, Piece, 9)] // in larger ones: only what fills those is found
    public async Task TakesTheChunksThatAnotherVersionShares(int held, int wanted, int missing)
    {
        var store = _bench.Open();
        await ShareAsync(store, "v1", _old, held);
        var made = await _bench.ShareAsync("v2", Change(_old, 0, 5, Pieces), wanted);

        await using var content = await BeginAsync(store, made, made.Layers);

        Assert.Equal(missing, content.Info.Geometry.PieceCount - content.CopyPresent().Count);
        Assert.Equal(missing, await StoreBench.FetchAsync(content, made));
        Assert.Equal(File.ReadAllBytes(_bench.Folder["v2"]), File.ReadAllBytes(await content.CompleteAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task TakesThemWhenTheLayerComesFromPeers()
    {
        var store = _bench.Open();
        await ShareAsync(store, "v1", _old, Piece);
        var made = await _bench.ShareAsync("v2", Change(_old, 2));
        var layers = new PieceLayers(made.Info);
        await using var content = await BeginAsync(store, made, layers);
        Assert.True(content.CopyPresent().IsEmpty);
        var gained = 0;
        content.Gained += _ => Interlocked.Increment(ref gained);

        Assert.True(content.Layers.TrySet(default, made.Layers[default(FileIndex)].Span));
        Assert.True(content.MayReuse(default));
        await content.ReuseAsync(default, CancellationToken.None);

        Assert.Equal(Pieces, gained);
        Assert.Equal(_old.Length - Piece, content.ReusedBytes);
        Assert.Equal(1, await StoreBench.FetchAsync(content, made));
    }

    [Fact]
    public async Task TakesWhatAnotherFolderHasOfTheSameTorrent_LayersToo()
    {
        var made = await _bench.ShareAsync("file", _old);
        var store = _bench.Open();
        await using var first = await store.BeginDownloadAsync(made.Info, made.Layers, _bench.Folder["elsewhere"], new DownloadSettings(), null, CancellationToken.None);
        await StoreBench.FetchAsync(first, made, limit: 7);
        await store.FlushAsync();

        await using var content = await BeginAsync(store, made, new PieceLayers(made.Info));

        Assert.Equal(0, content.Layers.Missing);
        Assert.Equal(7, content.CopyPresent().Count);
        await StoreBench.AssertServesAsync(content, made);
    }

    [Fact]
    public async Task TakesALayerThatAnotherTorrentHasOfTheSameFile()
    {
        _bench.Folder.Write("folder/other name", _old);
        _bench.Folder.Write("folder/more", StoreBench.Content(100));
        var made = await _bench.ShareAsync("file", _old);
        var store = _bench.Open();
        await store.ShareAsync(_bench.Folder["folder"], new ShareSettings { PieceLength = Piece / 2 }, null, CancellationToken.None);

        await using var content = await BeginAsync(store, made, new PieceLayers(made.Info));

        Assert.True(content.CopyPresent().IsFull);
    }

    [Fact]
    public async Task TakesMatchingPiecesOfWhatIsReplaced_WhenTheLayerComesFromPeers()
    {
        var made = await _bench.ShareAsync("file", _old);
        _bench.Folder.Write("downloads/file", Change(_old, 4));
        var store = _bench.Open();
        await using var content = await store.BeginDownloadAsync(
            made.Info, new PieceLayers(made.Info), _bench.Downloads, new DownloadSettings { Overwrite = true }, null, CancellationToken.None);
        Assert.True(content.CopyPresent().IsEmpty);

        content.Layers.TrySet(default, made.Layers[default(FileIndex)].Span);
        await content.ReuseAsync(default, CancellationToken.None);

        Assert.Equal(1, await StoreBench.FetchAsync(content, made));
        Assert.Equal(_old, File.ReadAllBytes(await content.CompleteAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task AnIdWithAnotherLengthPoisonsNothing()
    {
        var store = _bench.Open();
        var shared = await ShareAsync(store, "true", _old[..(2 * Piece)], Piece);
        var root = shared.Info.Files[0].Id;
        var pair = new byte[64];
        shared.Layers[new PieceIndex(0)].Value.CopyTo(pair);
        shared.Layers[new PieceIndex(1)].Value.CopyTo(pair.AsSpan(32));
        var liar = TorrentInfoWriter.Write("liar", Piece, [new TorrentFile { Path = ["liar"], Length = 64, Id = root }]);

        await using var lie = await store.BeginDownloadAsync(liar, new PieceLayers(liar), _bench.Downloads, new DownloadSettings(), null, CancellationToken.None);
        Assert.True(lie.CopyPresent().IsEmpty);
        Assert.Equal(PutStatus.Stored, (await lie.PutAsync(new PieceIndex(0), pair, CancellationToken.None)).Status);

        var folder = TorrentInfoWriter.Write("folder", Piece, [new TorrentFile { Path = ["a"], Length = 2 * Piece, Id = root }, new TorrentFile { Path = ["b"], Length = 64, Id = root }]);
        await using var both = await store.BeginDownloadAsync(folder, new PieceLayers(folder), _bench.Downloads, new DownloadSettings(), null, CancellationToken.None);
        Assert.True(both.CopyPresent().IsFull);
        var path = await both.CompleteAsync(CancellationToken.None);
        Assert.Equal(_old[..(2 * Piece)], File.ReadAllBytes(Path.Join(path, "a")));
        Assert.Equal(pair, File.ReadAllBytes(Path.Join(path, "b")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SharesBlocksWhereTheDiskCan_AndProvesThemThere(bool isWrong)
    {
        var disk = new CloningDisk(new RealDisk()) { ClonesOtherBytes = isWrong };
        var store = _bench.Open(disk: disk);
        await ShareAsync(store, "v1", _old, Piece);
        var made = await _bench.ShareAsync("v2", Change(_old, 3));

        await using var content = await BeginAsync(store, made, made.Layers);

        Assert.Equal(Pieces, disk.Clones);
        Assert.Equal(Pieces, content.CopyPresent().Count); // what was wrongly cloned is copied
        await StoreBench.AssertServesAsync(content, made);
    }

    private async Task<ShareResult> ShareAsync(Store store, string relative, byte[] bytes, int pieceLength)
    {
        _bench.Folder.Write(relative, bytes);
        return await store.ShareAsync(_bench.Folder[relative], new ShareSettings { PieceLength = pieceLength }, null, CancellationToken.None);
    }

    private Task<TorrentContent> BeginAsync(Store store, ShareResult made, PieceLayers layers) =>
        store.BeginDownloadAsync(made.Info, layers, _bench.Downloads, new DownloadSettings(), null, CancellationToken.None);

    private static byte[] Change(byte[] bytes, params int[] pieces)
    {
        bytes = (byte[])bytes.Clone();
        foreach (var piece in pieces) bytes[piece * Piece + 17] ^= 1;
        return bytes;
    }
}
