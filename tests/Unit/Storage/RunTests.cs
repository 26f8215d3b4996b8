using Microsoft.Data.Sqlite;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class RunTests : IAsyncDisposable
{
    private const int Canonical = 256 * 1024; // what a small run is cut into

    private readonly StoreBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task FindsFilesAndChunksWhateverTheTorrent()
    {
        var store = _bench.Open();
        var bytes = StoreBench.Content(5 * StoreBench.PieceLength + 100);
        var (small, large) = (await ShareAsync(store, "a/one", bytes, StoreBench.PieceLength), await ShareAsync(store, "b/other name", bytes, 4 * StoreBench.PieceLength));

        var file = store.FindRuns(small.Info.Files[0].Id.Value, bytes.Length);
        Assert.Equal(2, file.Count);
        Assert.All(file, r => Assert.True(r is { Kind: RunKind.File, IsWhole: true, IsRoot: true }));

        var third = store.FindRuns(Chunk(small, 2));
        Assert.Equal((2L * StoreBench.PieceLength, (long)StoreBench.PieceLength, 2), (third[0].Offset, third[0].Length, third[0].Height));
        Assert.Single(third);

        var first4 = store.FindRuns(Chunk(large, 0), 4 * StoreBench.PieceLength);
        Assert.Equal(2, first4.Count); // also where pieces are smaller
        Assert.All(first4, r => Assert.Equal((0L, 4), (r.Offset, r.Height)));

        var last = store.FindRuns(Chunk(small, 5));
        Assert.Equal((100L, false), (last[0].Length, last[0].IsRoot));
        Assert.Equal(Root(bytes.AsSpan(5 * StoreBench.PieceLength)), (await store.ReadRootAsync(last[0], CancellationToken.None))!.Value.Value);
        Assert.Equal(2, store.FindRuns(small.Info.Files[0].Id.Value.Truncated).Count);
        Assert.Single(store.FindRuns(Chunk(small, 2).Truncated));
        Assert.Equal(2, store.FindRuns(CanonicalTorrent.NameOf(small.Info.Files[0].Id, bytes.Length).Truncated).Count);
        Assert.Empty(store.FindRuns(Root([1])));
    }

    [Fact]
    public async Task AnIdOfAnotherLengthIsAnotherThing()
    {
        var store = _bench.Open();
        var bytes = StoreBench.Content(2 * StoreBench.PieceLength);
        var shared = await ShareAsync(store, "true", bytes, StoreBench.PieceLength);
        var root = shared.Info.Files[0].Id;
        var liar = TorrentInfoWriter.Write("liar", StoreBench.PieceLength, [new TorrentFile { Path = ["liar"], Length = 64, Id = root }]);
        await using var content = await store.BeginDownloadAsync(liar, new PieceLayers(liar), _bench.Downloads, new DownloadSettings(), null, CancellationToken.None);

        // the 64 bytes that are the children of the root do have it
        var pair = new byte[64];
        Chunk(shared, 0).CopyTo(pair);
        Chunk(shared, 1).CopyTo(pair.AsSpan(32));
        Assert.Equal(PutStatus.Stored, (await content.PutAsync(new PieceIndex(0), pair, CancellationToken.None)).Status);

        Assert.Equal(shared.Torrent.Path, Assert.Single(store.FindRuns(root.Value, bytes.Length)).Path);
        Assert.Equal(64, Assert.Single(store.FindRuns(root.Value, 64)).Length);
        Assert.Equal(2, store.FindRuns(root.Value).Count);
    }

    [Fact]
    public async Task ForgetsWhatIsRemoved()
    {
        var store = _bench.Open();
        var bytes = StoreBench.Content(5 * StoreBench.PieceLength);
        var shared = await ShareAsync(store, "a", bytes, StoreBench.PieceLength);
        await store.RemoveAsync(shared.Torrent, deleteFiles: false, CancellationToken.None);

        Assert.Empty(store.FindRuns(Chunk(shared, 1)));
        Assert.Empty(store.FindRuns(CanonicalTorrent.NameOf(shared.Info.Files[0].Id, bytes.Length).Truncated));
    }

    [Fact]
    public async Task EntersWhatAStoreOfVersion2Held()
    {
        var shared = await _bench.ShareAsync("file", StoreBench.Content(5 * StoreBench.PieceLength));
        using (var connection = new SqliteConnection($"Data Source={_bench.Folder["seed", "catalogue.db"]};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "DROP TABLE runs; DROP TABLE pins; DROP TABLE uses; DROP TABLE settings; PRAGMA user_version = 2;";
            command.ExecuteNonQuery();
        }

        var store = _bench.Open("seed");
        Assert.Single(store.FindRuns(Chunk(shared, 3)));
        Assert.Single(store.FindRuns(CanonicalTorrent.NameOf(shared.Info.Files[0].Id, shared.Info.Length).Truncated));
    }

    [Theory]
    [InlineData(64 * 1024)]
    [InlineData(Canonical)]
    [InlineData(1024 * 1024)]
    [InlineData(4 * 1024 * 1024)]
    public async Task ServesAFileAsItsCanonicalTorrent(int pieceLength)
    {
        var store = _bench.Open();
        var bytes = StoreBench.Content(2 * 1024 * 1024 + 300_000);
        _bench.Folder.Write("folder/aaa", StoreBench.Content(100_000, seed: 3));
        await ShareAsync(store, "folder/file", bytes, pieceLength, share: "folder");
        var root = new FileId(Root(bytes));
        var run = Assert.Single(store.FindRuns(root.Value, bytes.Length));

        await using var view = await store.OpenRunAsync(run, CanonicalTorrent.Create(root, bytes.Length), CancellationToken.None);

        await AssertServesAsync(view, bytes);
        Assert.Equal(pieceLength <= Canonical, view.Layers.Missing == 0);
        await AssertProvesAsync(view, bytes);
        await using var again = await store.OpenRunAsync(run, CanonicalTorrent.Create(root, bytes.Length), CancellationToken.None);
        Assert.Equal(0, again.Layers.Missing); // what was hashed is remembered
    }

    [Fact]
    public async Task ServesAChunkAsItsCanonicalTorrent()
    {
        var store = _bench.Open();
        var bytes = StoreBench.Content(2 * 1024 * 1024 + 300_000);
        var shared = await ShareAsync(store, "file", bytes, 1024 * 1024);
        foreach (var (piece, offset, length) in new[] { (1, 1024 * 1024, 1024 * 1024), (2, 2 * 1024 * 1024, 300_000) })
        {
            var chunk = bytes.AsSpan(offset, length).ToArray();
            var run = Assert.Single(store.FindRuns(Chunk(shared, piece), length));
            var root = (await store.ReadRootAsync(run, CancellationToken.None))!.Value;
            Assert.Equal(Root(chunk), root.Value);

            await using var view = await store.OpenRunAsync(run, CanonicalTorrent.Create(root, length), CancellationToken.None);
            await AssertServesAsync(view, chunk);
            await AssertProvesAsync(view, chunk);
        }
    }

    [Fact]
    public async Task CopiesInPartMakeUpForEachOtherAndGrow()
    {
        const int pieceLength = 512 * 1024;
        var bytes = StoreBench.Content(4 * pieceLength + 1000);
        var shared = await _bench.ShareAsync("source", bytes, pieceLength);
        var store = _bench.Open();
        await using var one = await store.BeginDownloadAsync(shared.Info, shared.Layers, _bench.Folder["one"], new DownloadSettings(), null, CancellationToken.None);
        await using var two = await store.BeginDownloadAsync(shared.Info, shared.Layers, _bench.Folder["two"], new DownloadSettings(), null, CancellationToken.None);
        await PutAsync(one, shared, 0);
        await PutAsync(two, shared, 3);
        var root = shared.Info.Files[0].Id;
        var run = store.FindRuns(root.Value, bytes.Length)[0];
        Assert.Equal(pieceLength, run.Have);

        await using var view = await store.OpenRunAsync(run, CanonicalTorrent.Create(root, bytes.Length), CancellationToken.None);
        Assert.Equal([0, 1, 6, 7], Present(view));
        var gained = new List<int>();
        view.Gained += p => gained.Add(p);
        await PutAsync(two, shared, 0); // had already
        await PutAsync(two, shared, 1);
        Assert.Equal([2, 3], gained);

        // what is here can be proven though nobody has all of it
        var nodes = new byte[2 * Hash256.Length];
        Assert.True(await view.TryReadNodesAsync(default, 4, 6, nodes, CancellationToken.None));
        Assert.Equal(Root(bytes.AsSpan(6 * Canonical, Canonical)), new Hash256(nodes.AsSpan(0, 32)));
        Assert.True(await view.TryReadNodesAsync(default, 6, 1, nodes.AsMemory(0, 32), CancellationToken.None)); // above the copy's own pieces
        Assert.Equal(Root(bytes.AsSpan(4 * Canonical, 4 * Canonical)), new Hash256(nodes.AsSpan(0, 32)));
        Assert.False(await view.TryReadNodesAsync(default, 4, 4, nodes, CancellationToken.None));
    }

    private static int[] Present(FileView view)
    {
        var present = view.CopyPresent();
        return [.. Enumerable.Range(0, present.Length).Where(i => present[i])];
    }

    private static async Task PutAsync(TorrentContent content, ShareResult shared, int piece) =>
        Assert.Equal(PutStatus.Stored, (await content.PutAsync(new PieceIndex(piece), StoreBench.Piece(shared, piece), CancellationToken.None)).Status);

    private static async Task AssertServesAsync(FileView view, byte[] bytes)
    {
        Assert.True(view.CopyPresent().IsFull);
        for (var i = 0; i < view.Info.Geometry.PieceCount; i++)
        {
            var (piece, read) = (new PieceIndex(i), new byte[view.Info.Geometry.LengthOf(new PieceIndex(i))]);
            Assert.True(await view.TryReadAsync(piece, 0, read, CancellationToken.None));
            Assert.Equal(bytes.AsSpan(i * Canonical, read.Length).ToArray(), read);
        }
    }

    private static async Task AssertProvesAsync(FileView view, byte[] bytes)
    {
        var geometry = view.Info.Geometry;
        for (var i = 0; i < geometry.PieceCount; i++)
        {
            var piece = new PieceIndex(i);
            var leaves = new byte[geometry.BlockCountOf(piece) * Hash256.Length];
            Assert.True(await view.TryReadLeavesAsync(piece, leaves, CancellationToken.None));
            var expected = new byte[leaves.Length];
            MerkleTree.HashLeaves(bytes.AsSpan(i * Canonical, geometry.LengthOf(piece)), expected);
            Assert.Equal(expected, leaves);
        }

        Assert.Equal(0, view.Layers.Missing);
    }

    private async Task<ShareResult> ShareAsync(Store store, string relative, byte[] bytes, int pieceLength, string? share = null)
    {
        _bench.Folder.Write(relative, bytes);
        return await store.ShareAsync(_bench.Folder[share ?? relative], new ShareSettings { PieceLength = pieceLength }, null, CancellationToken.None);
    }

    private static Hash256 Chunk(ShareResult shared, int piece) => shared.Layers[new PieceIndex(piece)].Value;

    private static Hash256 Root(ReadOnlySpan<byte> bytes)
    {
        var blocks = MerkleTree.BlockCount(bytes.Length);
        return MerkleTree.Root(bytes, MerkleTree.HeightOf(blocks), new byte[blocks * Hash256.Length]);
    }
}
