using CsCheck;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Engine.Serving;
using Shoal.Harness.Content;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class ServingTests
{
    private const int Block = 16 * 1024;

    [Fact]
    public async Task GivesLeavesOfALargePieceRangeByRange_AndHashesItOnce()
    {
        const int piece = 16 << 20;
        var torrent = new SeededTorrent(1, piece, piece + 3 * piece / 4 + 5);
        var reads = 0;
        var server = new HashServer(torrent.Info, torrent.Layers(), (index, leaves, _) =>
        {
            reads++;
            torrent.Leaves(index).CopyTo(leaves);
            return new(true);
        });
        var (file, height) = (torrent.Info.Files[0].Id, torrent.Geometry.TreeHeight(new FileIndex(0)));

        foreach (var index in (int[])[0, 1])
        {
            var leaves = new PieceLeaves(torrent.Info, torrent.Layers(), new PieceIndex(index));
            foreach (var range in leaves.Ranges)
            {
                Assert.True(leaves.TrySet(range, await server.AnswerAsync(new HashRequest(file, range), TestContext.Current.CancellationToken)));
                var whole = range with { ProofLayers = height - 1 };
                Assert.True(whole.Proves(await server.AnswerAsync(new HashRequest(file, whole), TestContext.Current.CancellationToken), file.Value, height));
                Assert.False(leaves.TrySet(range, new byte[range.TotalHashes * Hash256.Length]));
            }

            var blocks = torrent.Geometry.BlockCountOf(new PieceIndex(index));
            Assert.Equal(torrent.Leaves(new PieceIndex(index)), leaves.Of(new BlockIndex(0), blocks).ToArray());
        }

        Assert.Equal(2, reads);
    }

    [Fact]
    public void TakesRunsOfNeighbours()
    {
        var queue = new UploadQueue();
        queue.Open();
        foreach (var (piece, block) in ((int, int)[])[(0, 0), (0, 1), (0, 2), (0, 4), (1, 5)]) queue.Put(new BlockRequest(piece, block * Block, Block));
        var run = new List<BlockRequest>();

        Assert.Equal([3, 1, 1, 0], Enumerable.Range(0, 4).Select(_ =>
        {
            queue.TakeRun(run, 32, 1 << 20);
            return run.Count;
        }).ToList());
    }

    [Fact]
    public void TakesNoRunThatIsTooLong()
    {
        var queue = new UploadQueue();
        queue.Open();
        for (var i = 0; i < 10; i++) queue.Put(new BlockRequest(0, i * Block, Block));
        var run = new List<BlockRequest>();

        queue.TakeRun(run, 32, 3 * Block);
        Assert.Equal(3, run.Count);
        queue.TakeRun(run, 4, 1 << 20);
        Assert.Equal(4, run.Count);
        Assert.Equal(3 * Block, queue.Bytes);
    }

    [Fact]
    public void TakesARequestThatIsLongerThanARun_IfItIsTheFirst()
    {
        var queue = new UploadQueue();
        queue.Open();
        for (var i = 0; i < 2; i++) queue.Put(new BlockRequest(0, i * 8 * Block, 8 * Block));
        var run = new List<BlockRequest>();

        queue.TakeRun(run, 32, Block);
        Assert.Empty(run);
        queue.TakeRun(run, 32, Block, atLeastOne: true);
        Assert.Single(run);
    }

    [Fact]
    public void RefusesTheChoked_AndTooMany_AndAnswersEachRequestOnce()
    {
        var queue = new UploadQueue();
        var request = new BlockRequest(0, 0, Block);
        Assert.Equal(UploadAnswer.Refused, queue.Put(request));
        queue.Open();

        Assert.Equal(UploadAnswer.Taken, queue.Put(request));
        Assert.Equal(UploadAnswer.Taken, queue.Put(request));
        Assert.Single(queue.Close());
        queue.Open();
        for (var i = 0; i < UploadQueue.Capacity; i++) Assert.Equal(UploadAnswer.Taken, queue.Put(new BlockRequest(i, 0, Block)));
        Assert.Equal(UploadAnswer.TooMany, queue.Put(new BlockRequest(-1, 0, Block)));
        Assert.True(queue.Cancel(new BlockRequest(5, 0, Block)));
        Assert.False(queue.Cancel(new BlockRequest(5, 0, Block)));
        Assert.Equal(UploadQueue.Capacity - 1, queue.Close().Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(700)]
    public async Task GivesLayersThatProve(int pieces)
    {
        var torrent = new SeededTorrent(pieces, Block, pieces * Block + 1);
        var server = Server(torrent);
        var (file, height) = (torrent.Info.Files[0].Id, torrent.Geometry.TreeHeight(new FileIndex(0)));

        foreach (var range in HashRange.CoverLayer(0, height, pieces + 1))
        {
            var hashes = await server.AnswerAsync(new HashRequest(file, range), CancellationToken.None);

            Assert.True(range.Proves(hashes, file.Value, height));
        }
    }

    [Fact]
    public async Task GivesTheLeavesOfAPiece_WithItsPathToTheRoot()
    {
        var torrent = new SeededTorrent(1, 4 * Block, 21 * Block + 5);
        var server = Server(torrent);
        var (file, height) = (torrent.Info.Files[0].Id, torrent.Geometry.TreeHeight(new FileIndex(0)));

        for (var piece = 0; piece < torrent.Geometry.PieceCount; piece++)
        {
            var range = new HashRange(0, piece * 4, 4, height - 1);
            var hashes = await server.AnswerAsync(new HashRequest(file, range), CancellationToken.None);
            Assert.True(range.Proves(hashes, file.Value, height));
        }
    }

    [Theory]
    [InlineData(8, 50, 5)]
    [InlineData(8, 7, 5)]
    [InlineData(8, 1, 5)]
    public async Task GivesSomeLeavesOfAPiece_WithTheirPathToTheRoot(int perPiece, int blocks, int tail)
    {
        var torrent = new SeededTorrent(1, perPiece * Block, blocks * Block + tail);
        var server = Server(torrent);
        var (file, height) = (torrent.Info.Files[0].Id, torrent.Geometry.TreeHeight(new FileIndex(0)));

        await Gen.Select(Gen.Int[1, 3], Gen.Int[0, blocks], Gen.Int[0, 6]).SampleAsync(async (log, index, proof) =>
        {
            var range = new HashRange(0, (index >> log) << log, 1 << log, proof);
            var hashes = await server.AnswerAsync(new HashRequest(file, range), CancellationToken.None);
            if (!range.FitsTree(height)) Assert.Null(hashes);
            else if (range.UncleCount + log == height) Assert.True(range.Proves(hashes, file.Value, height));
        }, iter: 200);
    }

    [Fact]
    public async Task AnswersAsTheWholeLayerWould()
    {
        var torrent = new SeededTorrent(4, 2 * Block, 200 * Block);
        var server = Server(torrent);
        var file = torrent.Info.Files[0].Id;
        var layer = torrent.LayerOf(new FileIndex(0));

        await Gen.Select(Gen.Int[1, 6], Gen.Int[0, 63], Gen.Int[0, 6]).SampleAsync(async (log, index, proof) =>
        {
            var range = new HashRange(1, (index >> log) << log, 1 << log, proof);
            var expected = new byte[range.TotalHashes * Hash256.Length];
            range.CopyFrom(layer, expected);

            Assert.Equal(expected, await server.AnswerAsync(new HashRequest(file, range), CancellationToken.None));
        }, iter: 200);
    }

    [Fact]
    public async Task RefusesWhatIsNotThere() => await Gen.Int[-2, 70].Array[4].SampleAsync(async n =>
    {
        var torrent = new SeededTorrent(4, 2 * Block, 20 * Block, 0, 100);
        var range = new HashRange(n[0], n[1], n[2], n[3]);

        var hashes = await Server(torrent).AnswerAsync(new HashRequest(torrent.Info.Files[0].Id, range), CancellationToken.None);

        Assert.True(hashes is null || (range.FitsTree(5) && hashes.Length == range.TotalHashes * Hash256.Length));
        Assert.Null(await Server(torrent).AnswerAsync(new HashRequest(default, range), CancellationToken.None));
        Assert.Null(await Server(torrent).AnswerAsync(new HashRequest(new FileId(Shoal.Core.Hash.Sha256([])), range), CancellationToken.None));
    }, iter: 30);

    [Fact]
    public async Task RefusesALayerItDoesNotKnow()
    {
        var torrent = new SeededTorrent(4, 2 * Block, 20 * Block);
        var server = new HashServer(torrent.Info, torrent.Layers(known: false), (_, _, _) => new(false));

        Assert.Null(await server.AnswerAsync(new HashRequest(torrent.Info.Files[0].Id, new HashRange(1, 0, 16, 0)), CancellationToken.None));
    }

    private static HashServer Server(SeededTorrent torrent) => new(torrent.Info, torrent.Layers(), (piece, leaves, _) =>
    {
        torrent.Leaves(piece).CopyTo(leaves);
        return new(true);
    });
}
