using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Harness.Content;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

/// <summary>Pieces that are put run by run.</summary>
public sealed class PartialPieceTests
{
    private const int Block = 16 * 1024, Run = 16 * Block, Piece = 1 << 20;

    [Fact]
    public async Task EntersAPiece_OnceAllItsRunsAreProven()
    {
        await using var bench = new StoreBench();
        await using var store = bench.Open();
        var torrent = new SeededTorrent(1, Piece, 2 * Piece + Run + 5);
        await using var content = await BeginAsync(bench, store, torrent);
        for (var piece = 0; piece < 3; piece++)
        {
            var leaves = LeavesOf(torrent, piece);
            foreach (var begin in Runs(torrent, piece).Reverse()) Assert.Equal(PutStatus.Stored, await PutAsync(content, torrent, piece, begin, leaves));
            Assert.Equal(piece, content.CopyPresent().Count);

            Assert.Equal(PutStatus.Stored, (await content.EnterAsync(new PieceIndex(piece), CancellationToken.None)).Status);
        }

        Assert.Equal(torrent.Files[0], File.ReadAllBytes(await content.CompleteAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task WritesNothingOfARunThatIsWrong()
    {
        await using var bench = new StoreBench();
        await using var store = bench.Open();
        var torrent = new SeededTorrent(1, Piece, Piece);
        await using var content = await BeginAsync(bench, store, torrent);
        var leaves = LeavesOf(torrent, 0);
        foreach (var begin in Runs(torrent, 0)) await PutAsync(content, torrent, 0, begin, leaves);

        Assert.Equal(PutStatus.Corrupt, await PutAsync(content, torrent, 0, 2 * Run, leaves, bad: true));

        Assert.Equal(PutStatus.Stored, (await content.EnterAsync(new PieceIndex(0), CancellationToken.None)).Status);
        Assert.Equal(torrent.Files[0], File.ReadAllBytes(await content.CompleteAsync(CancellationToken.None)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadsBackWhatWasNotProven_AndEntersOnlyWhatIsRight(bool isV1)
    {
        await using var bench = new StoreBench();
        await using var store = bench.Open();
        var torrent = isV1 ? SeededTorrent.OfV1(1, Piece, Run + 7, 3 * Piece / 2, 1) : new SeededTorrent(1, Piece, Piece + 7);
        await using var content = await BeginAsync(bench, store, torrent);
        for (var piece = 0; piece < torrent.Geometry.PieceCount; piece++)
        {
            foreach (var begin in Runs(torrent, piece)) Assert.Equal(PutStatus.Stored, await PutAsync(content, torrent, piece, begin, null, bad: begin == 0));
            Assert.Equal(PutStatus.Corrupt, (await content.EnterAsync(new PieceIndex(piece), CancellationToken.None)).Status);
            Assert.False(content.CopyPresent()[piece]);

            await PutAsync(content, torrent, piece, 0, null);
            Assert.Equal(PutStatus.Stored, (await content.EnterAsync(new PieceIndex(piece), CancellationToken.None)).Status);
        }

        Assert.True(content.CopyPresent().IsFull);
        await content.CompleteAsync(CancellationToken.None);
    }

    [Fact]
    public async Task BelievesNoProof_OfARunThatWasWrittenOverUnproven()
    {
        await using var bench = new StoreBench();
        await using var store = bench.Open();
        var torrent = new SeededTorrent(1, Piece, Piece);
        await using var content = await BeginAsync(bench, store, torrent);
        var leaves = LeavesOf(torrent, 0);
        foreach (var begin in Runs(torrent, 0)) await PutAsync(content, torrent, 0, begin, leaves);

        await PutAsync(content, torrent, 0, Run, null, bad: true);

        Assert.Equal(PutStatus.Corrupt, (await content.EnterAsync(new PieceIndex(0), CancellationToken.None)).Status);
    }

    [Fact]
    public async Task KeepsPiecesThatWereEntered_AndNoOthers_WhenItIsOpenedAgain()
    {
        await using var bench = new StoreBench();
        var torrent = new SeededTorrent(1, Piece, 2 * Piece);
        await using (var store = bench.Open())
        {
            await using var content = await BeginAsync(bench, store, torrent);
            for (var piece = 0; piece < 2; piece++)
            {
                foreach (var begin in Runs(torrent, piece)) await PutAsync(content, torrent, piece, begin, LeavesOf(torrent, piece));
            }

            await content.EnterAsync(new PieceIndex(1), CancellationToken.None);
        }

        await using var again = bench.Open();
        await using var resumed = await BeginAsync(bench, again, torrent);

        Assert.True(resumed.CopyPresent()[1]);
    }

    private static Task<TorrentContent> BeginAsync(StoreBench bench, Store store, SeededTorrent torrent) =>
        store.BeginDownloadAsync(torrent.Info, torrent.Layers(), bench.Downloads, new DownloadSettings(), null, CancellationToken.None);

    private static IEnumerable<int> Runs(SeededTorrent torrent, int piece) => Enumerable.Range(0, (torrent.Geometry.LengthOf(new PieceIndex(piece)) + Run - 1) / Run).Select(i => i * Run);

    private static async Task<PutStatus> PutAsync(TorrentContent content, SeededTorrent torrent, int piece, int begin, PieceLeaves? leaves, bool bad = false)
    {
        var bytes = torrent.Piece(new PieceIndex(piece))[begin..];
        var run = bytes[..Math.Min(Run, bytes.Length)].ToArray();
        if (bad) run[0] ^= 1;
        return (await content.PutRunAsync(new PieceIndex(piece), begin, run, leaves, CancellationToken.None)).Status;
    }

    private static PieceLeaves LeavesOf(SeededTorrent torrent, int piece)
    {
        var leaves = new PieceLeaves(torrent.Info, torrent.Layers(), new PieceIndex(piece));
        var range = Assert.Single(leaves.Ranges);
        var hashes = new byte[range.TotalHashes * Hash256.Length];
        torrent.Leaves(new PieceIndex(piece)).CopyTo(hashes, 0);
        Assert.True(leaves.TrySet(range, hashes));
        return leaves;
    }
}
