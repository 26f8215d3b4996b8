using CsCheck;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Engine.Serving;
using Shoal.Harness.Content;
using Shoal.Wire;
using Shoal.Wire.Extensions;
using Xunit;
using Hash = Shoal.Core.Hash;

namespace Shoal.Unit.Engine;

public sealed class SwarmClaimTests
{
    private const int Block = 16 * 1024;

    [Theory]
    [InlineData(1)]
    [InlineData(64 + 1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData(6 * Block - 3)]
    [InlineData(16 * Block)]
    [InlineData(16 * Block + 1)]
    [InlineData(37 * Block + 100)]
    [InlineData(64 * Block)]
    public async Task BelievesALength_OnceTheLastBlockIsProven(int length)
    {
        var file = SeededTorrent.OfRun(1, length);
        var bench = Bench(file, file.Info.Files[0].Id.Value);
        var peer = Connect(bench);

        Say(bench, peer, file.Info);
        Assert.Null(bench.Effects.Info);
        await ProveAsync(bench, peer, file);

        Assert.Equal(file.InfoHash, bench.Effects.Info!.InfoHash);
        Assert.Empty(bench.Effects.Closed);
    }

    [Theory]
    [InlineData(100, 4)]
    [InlineData(5 * Block, 6)]
    [InlineData(20 * Block, 10)]
    public async Task TakesTheLastChunkOfAFile_ByItsPaddedName(int length, int height)
    {
        var chunk = SeededTorrent.OfRun(2, length);
        var node = chunk.Info.Files[0].Id.Value.ToArray();
        for (var h = chunk.Geometry.TreeHeight(default); h < height; h++) MerkleTree.HashPair(node, MerkleTree.PadHash(h), node);
        var bench = Bench(chunk, new Hash256(node));
        var peer = Connect(bench);

        Say(bench, peer, chunk.Info);
        await ProveAsync(bench, peer, chunk);

        Assert.Equal(chunk.InfoHash, bench.Effects.Info!.InfoHash);
    }

    [Fact]
    public void TakesATorrentOfThatName()
    {
        var torrent = new SeededTorrent(1, 64 * 1024, 300_000, 5);
        var bench = Bench(torrent, torrent.InfoHash.Value);
        var peer = Connect(bench);

        Say(bench, peer, torrent.Info);

        Assert.Equal(torrent.InfoHash, bench.Effects.Info!.InfoHash);
    }

    [Fact]
    public void BansWhoeverGivesWhatTheNameDoesNotStandFor()
    {
        SeededTorrent file = SeededTorrent.OfRun(1, 5 * Block), other = SeededTorrent.OfRun(2, 5 * Block), torrent = new(3, 64 * 1024, 5 * Block);
        foreach (var info in (TorrentInfo[])[other.Info, torrent.Info, TorrentInfoWriter.Write("film", 262144, [file.Info.Files[0] with { Path = ["film"] }])])
        {
            var bench = Bench(file, file.Info.Files[0].Id.Value);
            var peer = Connect(bench);

            Say(bench, peer, info);

            Assert.Equal([(peer, CloseReason.Corrupt)], bench.Effects.Closed);
        }
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(64L, true)]
    [InlineData(65L, false)]
    public async Task Believes64Bytes_OnlyIfTheLinkSaysSo(long? exactLength, bool isBelieved)
    {
        var file = SeededTorrent.OfRun(1, 64);
        var bench = Bench(file, file.Info.Files[0].Id.Value, exactLength);
        var peer = Connect(bench);

        Say(bench, peer, file.Info);
        await ProveAsync(bench, peer, file);

        Assert.Equal(isBelieved, bench.Effects.Info is not null);
        Assert.Empty(bench.Effects.Closed);
    }

    [Fact]
    public async Task IsNotDeceivedByTwoHashes_ThatAreTheFirstBlockOfAShorterFile()
    {
        var file = SeededTorrent.OfRun(1, 2 * Block);
        var bench = Bench(file, file.Info.Files[0].Id.Value);
        var (liar, honest) = (Connect(bench), Connect(bench));
        var children = new byte[2 * Hash256.Length];
        MerkleTree.HashLeaves(file.Files[0], children);
        Assert.Equal(Hash.Sha256(children), file.Info.Files[0].Id.Value); // the lie would prove itself

        Say(bench, liar, CanonicalTorrent.Create(file.Info.Files[0].Id, 64));
        Say(bench, honest, file.Info);
        bench.Handle(new SwarmEvent.LastBlockReceived(liar, children));
        await ProveAsync(bench, honest, file);

        Assert.Equal(2 * Block, bench.Effects.Info!.Length);
    }

    [Fact]
    public void ProvesNoOtherLength_WhateverTrueBytesAndHashesTheLiarGives()
    {
        var file = SeededTorrent.OfRun(1, 37 * Block + 100);
        var content = file.Files[0];
        Gen.Select(Gen.Int[1, 130 * Block], Gen.Int[0, 3]).Sample((length, way) =>
        {
            if (length == content.Length || length == 64) return;

            var bench = Bench(file, file.Info.Files[0].Id.Value);
            var liar = Connect(bench);
            var lie = CanonicalTorrent.Create(file.Info.Files[0].Id, length);
            Say(bench, liar, lie);
            foreach (var (_, request) in bench.Effects.HashRequests.ToList())
            {
                var leaves = new byte[38 * Hash256.Length];
                MerkleTree.HashLeaves(content, leaves);
                var hashes = new byte[request.Range.TotalHashes * Hash256.Length];
                request.Range.CopyFrom(way % 2 == 0 ? leaves : leaves.AsSpan(0, Math.Min(leaves.Length, (length + Block - 1) / Block * Hash256.Length)), hashes);
                bench.Handle(new SwarmEvent.HashesReceived(liar, request, hashes));
            }

            foreach (var (_, request) in bench.Effects.LastBlocks.ToList())
            {
                var (begin, block) = (request.Piece * 262144 + request.Begin, new byte[request.Length]);
                content.AsSpan(Math.Min(begin, content.Length), Math.Clamp(content.Length - begin, 0, block.Length)).CopyTo(block);
                bench.Handle(new SwarmEvent.LastBlockReceived(liar, block));
            }

            Assert.Null(bench.Effects.Info);
            Assert.Equal([(liar, CloseReason.Corrupt)], bench.Effects.Closed);
        }, iter: 2000);
    }

    [Fact]
    public async Task BansTheLiarAlone_AndBelievesTheNext()
    {
        var file = SeededTorrent.OfRun(1, 37 * Block);
        var bench = Bench(file, file.Info.Files[0].Id.Value);
        var (liar, honest) = (Connect(bench), Connect(bench));

        Say(bench, liar, CanonicalTorrent.Create(file.Info.Files[0].Id, 36 * Block));
        Say(bench, honest, file.Info);
        var (_, asked) = bench.Effects.HashRequests.Single(r => r.Peer == liar);
        bench.Handle(new SwarmEvent.HashesReceived(liar, asked, (await Server(file).AnswerAsync(asked, CancellationToken.None))!));
        Assert.Equal([(liar, CloseReason.Corrupt)], bench.Effects.Closed);
        await ProveAsync(bench, honest, file);

        Assert.Equal(37 * Block, bench.Effects.Info!.Length);
        Assert.Single(bench.Effects.Closed);
    }

    [Fact]
    public async Task IsNotHeldUpByAClaimantThatProvesNothing_AndBansItInTheEnd()
    {
        var file = SeededTorrent.OfRun(1, 37 * Block);
        var bench = Bench(file, file.Info.Files[0].Id.Value);
        var silent = Enumerable.Range(0, 5).Select(_ => Connect(bench)).ToList();
        foreach (var peer in silent) Say(bench, peer, CanonicalTorrent.Create(file.Info.Files[0].Id, 30 * Block));
        var honest = Connect(bench);

        Say(bench, honest, file.Info);
        await ProveAsync(bench, honest, file);

        Assert.Equal(37 * Block, bench.Effects.Info!.Length);
        Assert.Equal(silent, bench.Effects.Closed.Where(c => c.Reason == CloseReason.Corrupt).Select(c => c.Peer));
    }

    [Fact]
    public async Task AsksForTheLastBlock_OfWhoHasItAndLetsUsAsk()
    {
        var file = SeededTorrent.OfRun(1, 37 * Block);
        var bench = Bench(file, file.Info.Files[0].Id.Value);
        var peer = Connect(bench, has: "xx.", unchoked: false);
        Say(bench, peer, file.Info);
        Assert.Equal([(peer, true)], bench.Effects.Interests);
        await AnswerPathAsync(bench, peer, file);

        bench.Handle(new SwarmEvent.ChokeChanged(peer, false));
        bench.Pass(1);
        Assert.Empty(bench.Effects.LastBlocks);
        bench.Handle(new SwarmEvent.PeerHas(peer, 2));
        bench.Pass(0.2);
        Assert.Equal([(peer, new BlockRequest(2, 4 * Block, Block))], bench.Effects.LastBlocks);
        bench.Handle(new SwarmEvent.LastBlockReceived(peer, null));
        bench.Pass(3);

        Assert.Equal(2, bench.Effects.LastBlocks.Count);
        Assert.Empty(bench.Effects.Closed);
    }

    private static SwarmBench Bench(SeededTorrent content, Hash256 id, long? exactLength = null) =>
        new(torrent: content, name: new SwarmNames(new InfoHash(id)) { MayBeRun = true, ExactLength = exactLength });

    private static PeerKey Connect(SwarmBench bench, string? has = null, bool unchoked = true) => bench.Connect(has, unchoked);

    private static void Say(SwarmBench bench, PeerKey peer, TorrentInfo info)
    {
        bench.Extend(peer, info.Bytes.Length);
        Assert.Contains(bench.Effects.Metadata, m => m.Peer == peer);
        bench.Handle(new SwarmEvent.MetadataReceived(peer, new MetadataMessage(MetadataMessageType.Data, 0, info.Bytes.Length), info.Bytes.ToArray()));
    }

    private static async Task ProveAsync(SwarmBench bench, PeerKey peer, SeededTorrent content)
    {
        await AnswerPathAsync(bench, peer, content);
        foreach (var (asked, request) in bench.Effects.LastBlocks.ToList())
        {
            if (asked == peer) bench.Handle(new SwarmEvent.LastBlockReceived(peer, content.Block(new PieceIndex(request.Piece), new BlockIndex(request.Begin / Block)).ToArray()));
        }
    }

    private static async Task AnswerPathAsync(SwarmBench bench, PeerKey peer, SeededTorrent content)
    {
        foreach (var (asked, request) in bench.Effects.HashRequests.ToList())
        {
            if (asked == peer) bench.Handle(new SwarmEvent.HashesReceived(peer, request, (await Server(content).AnswerAsync(request, CancellationToken.None))!));
        }
    }

    private static HashServer Server(SeededTorrent torrent) => new(torrent.Info, torrent.Layers(), (piece, leaves, _) =>
    {
        torrent.Leaves(piece).CopyTo(leaves);
        return new(true);
    });
}
