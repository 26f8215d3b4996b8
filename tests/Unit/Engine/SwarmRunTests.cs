using CsCheck;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Harness.Content;
using Shoal.Storage;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Engine;

/// <summary>Pieces too large for the memory: fetched in runs of 16 blocks, each proven alone.</summary>
public sealed class SwarmRunTests
{
    private const int Block = 16 * 1024, Run = 16 * Block, Piece = 1 << 20, LargePiece = 16 << 20;

    [Fact]
    public void AsksForLeavesFirst_ThenForRuns_WithinTheMemory()
    {
        var bench = Bench(pieces: 2, budget: 2 * Run);
        var peer = bench.Connect();
        Assert.Empty(bench.Effects.Requests);

        AnswerLeaves(bench);

        Assert.Equal(32, bench.RequestsTo(peer).Count);
        Assert.Equal(2 * Run, bench.Buffers.Leased);
        bench.GiveAll();
        Assert.All(bench.Effects.Runs, r => Assert.NotNull(r.Leaves));
        Assert.Empty(bench.Effects.Stores);
        FetchAll(bench, atMost: 2 * Run);
        Assert.True(bench.Swarm.IsComplete);
        Assert.Equal(0, bench.Buffers.Leased);
    }

    [Fact]
    public void FetchesPiecesOfAnySize_WithinAnyMemory() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 6], Gen.Int[1, 5 * Piece], Gen.Int[0, 2]).Sample((peers, runs, length, kind) =>
        {
            var torrent = kind switch
            {
                0 => new SeededTorrent(length, Piece, length),
                1 => SeededTorrent.OfV1(length, Piece, length, 40_000, length / 3 + 1),
                _ => SeededTorrent.OfHybrid(length, Piece, length, 40_000),
            };
            var bench = new SwarmBench(torrent: torrent, budget: runs * Run).Open();
            for (var i = 0; i < peers; i++) bench.Connect();

            FetchAll(bench, atMost: Math.Max(2, runs) * Run);

            Assert.True(bench.Swarm.IsComplete);
            Assert.Equal(0, bench.Buffers.Leased);
            bench.Swarm.Close();
        }, iter: 30);

    [Fact]
    public void BansWhoLied_AndKeepsAllElse()
    {
        var bench = Bench(pieces: 1, budget: 4 * Run);
        var (liar, honest) = (bench.Connect(), bench.Connect());
        AnswerLeaves(bench);

        bench.GiveAll(isBad: a => a.Block == 5, which: a => a.Block < 16);
        StoreRuns(bench);

        Assert.Equal([(liar, CloseReason.Corrupt)], bench.Effects.Closed);
        FetchAll(bench, atMost: 4 * Run);
        Assert.Equal([5], bench.RequestsTo(honest).Where(r => r.Block < 16).Select(r => r.Block.Value));
        Assert.True(bench.Swarm.IsComplete);
        Assert.Equal(1, bench.Swarm.Counts.Banned);
    }

    [Fact]
    public void BansWhoGivesLeavesThatProveNothing()
    {
        var bench = Bench(pieces: 1, budget: 4 * Run);
        var liar = bench.Connect();
        var (_, request) = Assert.Single(bench.Effects.HashRequests);

        bench.Handle(new SwarmEvent.HashesReceived(liar, request, new byte[request.Range.TotalHashes * Hash256.Length]));

        Assert.Equal([(liar, CloseReason.Corrupt)], bench.Effects.Closed);
        Assert.Empty(bench.Effects.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TakesRunsUnproven_WhenNobodyGivesLeaves(bool refuses)
    {
        var bench = Bench(pieces: 1, budget: 4 * Run);
        var peer = bench.Connect();
        var (_, request) = Assert.Single(bench.Effects.HashRequests);
        if (refuses) bench.Handle(new SwarmEvent.HashesRejected(peer, request));

        bench.Pass(5);

        for (var i = 0; i < 10 && bench.Effects.Entered.Count == 0; i++)
        {
            bench.GiveAll();
            Assert.NotEmpty(bench.Effects.Runs);
            Assert.All(bench.Effects.Runs, r => Assert.Null(r.Leaves));
            StoreRuns(bench);
        }

        Assert.Equal(64, bench.RequestsTo(peer).Count);
        Assert.Single(bench.Effects.Entered);
        Assert.False(bench.Swarm.IsComplete);
        bench.Handle(new SwarmEvent.PieceStored(new PieceIndex(0), PutStatus.Stored));
        Assert.True(bench.Swarm.IsComplete);
    }

    [Fact]
    public void TakesAnUnprovenPieceFromOneAlone_WhenItWasWrong()
    {
        var bench = new SwarmBench(torrent: SeededTorrent.OfV1(1, Piece, Piece), budget: 4 * Run).Open();
        var first = bench.Connect();
        bench.GiveAll(which: a => a.Block < 16);
        StoreRuns(bench);
        bench.Disconnect(first);
        var second = bench.Connect();
        for (var i = 0; i < 10 && bench.Effects.Entered.Count == 0; i++)
        {
            bench.GiveAll(which: a => a.Peer == second);
            StoreRuns(bench);
        }

        Assert.DoesNotContain(bench.RequestsTo(second), r => r.Block < 16);
        bench.Effects.Entered.Clear();
        bench.Handle(new SwarmEvent.PieceStored(new PieceIndex(0), PutStatus.Corrupt));

        Assert.Empty(bench.Effects.Closed);
        FetchAll(bench, atMost: 4 * Run);
        Assert.True(bench.Swarm.IsComplete);
        Assert.Contains(bench.RequestsTo(second), r => r.Block < 16);
    }

    [Fact]
    public void KeepsTheRestOfAPiece_WhenTheDiskRefusesARun()
    {
        var bench = Bench(pieces: 1, budget: 4 * Run);
        bench.Connect();
        AnswerLeaves(bench);
        bench.GiveAll();
        var runs = bench.Effects.Runs.ToList();
        bench.Effects.Runs.Clear();
        for (var i = 0; i < runs.Count; i++) bench.Handle(new SwarmEvent.RunStored(runs[i].Piece, runs[i].Buffer, i == 1 ? PutStatus.Failed : PutStatus.Stored));
        var before = bench.Effects.Requests.Count;

        bench.Pass(6);

        Assert.Equal(Enumerable.Range(16, 16), bench.Effects.Requests.Skip(before).Select(r => r.Block.Value));
        FetchAll(bench, atMost: 4 * Run);
        Assert.True(bench.Swarm.IsComplete);
    }

    [Fact]
    public void GivesMemoryBack_WhenAPeerGoesThatOwedRuns()
    {
        var bench = Bench(pieces: 1, budget: 4 * Run);
        var gone = bench.Connect();
        AnswerLeaves(bench);
        Assert.Equal(2 * Run, bench.Buffers.Leased);

        bench.Disconnect(gone);

        Assert.Equal(0, bench.Buffers.Leased);
    }

    [Fact]
    public void CountsNoBlock_OfWhichTheMemoryIsGone()
    {
        var bench = Bench(pieces: 1, budget: 2 * Run);
        var first = bench.Connect();
        AnswerLeaves(bench);
        var asked = bench.RequestsTo(first)[0];
        Assert.True(asked.Buffer.TryFill(0, bench.Torrent.Block(asked.Piece, asked.Block).Span)); // word of it is under way
        bench.Handle(new SwarmEvent.ChokeChanged(first, true));
        foreach (var owed in bench.RequestsTo(first)) bench.Reject(owed);
        Assert.Equal(0, bench.Buffers.Leased);
        bench.Handle(new SwarmEvent.ChokeChanged(first, false));
        var before = bench.Effects.Requests.Count;

        bench.Handle(new SwarmEvent.BlocksReceived(first, asked.Piece, asked.Block, 1, Block));
        bench.GiveAll(which: a => bench.Effects.Requests.IndexOf(a) < before);

        FetchAll(bench, atMost: 2 * Run);
        Assert.True(bench.Swarm.IsComplete);
        Assert.DoesNotContain(bench.Effects.Closed, c => c.Reason == CloseReason.Corrupt);
    }

    [Fact]
    public void AsksForTheLeavesOfTheNextPiece_BeforeThisOneEnds()
    {
        var bench = Bench(pieces: 3, budget: 8 * Run);
        bench.Connect();
        AnswerLeaves(bench);

        for (var i = 0; i < 10 && bench.Effects.HashRequests.Count == 0; i++)
        {
            bench.GiveAll();
            StoreRuns(bench);
        }

        Assert.Single(bench.Effects.HashRequests);
        Assert.Empty(bench.Effects.Entered);
    }

    [Fact]
    public void AsksForSeveralRangesOfLeaves_WhereOneIsNotEnough()
    {
        var torrent = new SeededTorrent(3, LargePiece, LargePiece + 5 * Run + 7);
        var bench = new SwarmBench(torrent: torrent, budget: 8 * Run).Open();
        bench.Connect();
        Assert.All(bench.Effects.HashRequests, r => Assert.Equal((512, 9), (r.Request.Range.Length, r.Request.Range.ProofLayers)));

        FetchAll(bench, atMost: 8 * Run);

        Assert.True(bench.Swarm.IsComplete);
        Assert.Equal(0, bench.Swarm.Wasted);
    }

    private static SwarmBench Bench(int pieces, long budget) => new SwarmBench(torrent: new SeededTorrent(1, Piece, pieces * Piece), budget: budget).Open();

    private static void FetchAll(SwarmBench bench, long atMost)
    {
        for (var i = 0; i < 2000 && !bench.Swarm.IsComplete; i++)
        {
            AnswerLeaves(bench);
            Assert.True(bench.Buffers.Leased <= atMost, $"{bench.Buffers.Leased} bytes are leased");
            bench.GiveAll();
            bench.StoreAll();
            StoreRuns(bench);
            var entered = bench.Effects.Entered.ToList();
            bench.Effects.Entered.Clear();
            foreach (var piece in entered) bench.Handle(new SwarmEvent.PieceStored(piece, PutStatus.Stored));
            bench.Pass(0.1);
        }
    }

    /// <summary>The store proves and writes the runs it was given.</summary>
    private static void StoreRuns(SwarmBench bench)
    {
        var runs = bench.Effects.Runs.ToList();
        bench.Effects.Runs.Clear();
        foreach (var (piece, buffer, leaves) in runs)
        {
            var holds = leaves?.Hold(buffer.First, buffer.Memory.Span, new byte[buffer.BlockCount * Hash256.Length]) != false;
            if (leaves is not null) Assert.Equal(holds, buffer.Memory.Span.SequenceEqual(bench.Torrent.Piece(piece).Span.Slice(buffer.First * Block, buffer.Length)));
            bench.Handle(new SwarmEvent.RunStored(piece, buffer, holds ? PutStatus.Stored : PutStatus.Corrupt));
        }
    }

    private static void AnswerLeaves(SwarmBench bench)
    {
        var server = new Shoal.Engine.Serving.HashServer(bench.Torrent.Info, bench.Torrent.Layers(), (piece, leaves, _) =>
        {
            bench.Torrent.Leaves(piece).CopyTo(leaves);
            return new(true);
        });
        var questions = bench.Effects.HashRequests.ToList();
        bench.Effects.HashRequests.RemoveAll(questions.Contains);
        foreach (var (peer, request) in questions)
        {
            var answer = server.AnswerAsync(request, TestContext.Current.CancellationToken).AsTask();
            Assert.True(answer.IsCompletedSuccessfully);
            if (bench.Swarm.Peers.Any(p => p.Key == peer)) bench.Handle(new SwarmEvent.HashesReceived(peer, request, answer.Result!));
        }
    }
}
