using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Harness.Content;
using Shoal.Wire;
using Shoal.Wire.Extensions;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class SwarmMetadataTests
{
    private const int Part = MetadataMessage.PieceLength;

    private readonly SwarmBench _bench = new(torrent: new SeededTorrent(2, SwarmBench.PieceLength, [.. Enumerable.Repeat(1, 500)]));

    private byte[] Info => _bench.Torrent.Info.Bytes.ToArray();

    [Fact]
    public void FetchesItFromOnePeer()
    {
        var peer = Connect();

        AnswerAll();

        Assert.Equal(_bench.Torrent.InfoHash, _bench.Effects.Info!.InfoHash);
        Assert.All(_bench.Effects.Metadata, m => Assert.Equal(peer, m.Peer));
        Assert.Equal((Info.Length + Part - 1) / Part, _bench.Effects.Metadata.Count);
    }

    [Fact]
    public void FetchesItFromASecond_WhenTheFirstStalls()
    {
        Connect();
        var second = Connect();
        Assert.DoesNotContain(_bench.Effects.Metadata, m => m.Peer == second);

        _bench.Pass(2.5);
        AnswerAll(only: second);

        Assert.NotNull(_bench.Effects.Info);
        Assert.Empty(_bench.Effects.Closed);
    }

    [Fact]
    public void FindsTheOneThatAnswers_AmongManyThatStall()
    {
        for (var i = 0; i < 8; i++) Connect();
        var honest = Connect();

        for (var i = 0; i < 60 && _bench.Effects.Info is null; i++)
        {
            _bench.Pass(0.5);
            AnswerAll(only: honest);
        }

        Assert.NotNull(_bench.Effects.Info);
    }

    [Fact]
    public void BansAPeerThatLies_AndAsksTheNext()
    {
        var liar = Connect();
        var honest = Connect();

        AnswerAll(only: liar, flip: true);
        Assert.Equal([(liar, CloseReason.Corrupt)], _bench.Effects.Closed);
        AnswerAll(only: honest);

        Assert.NotNull(_bench.Effects.Info);
    }

    [Fact]
    public void AsksTheNext_WhenAPeerRefuses()
    {
        var first = Connect();
        var second = Connect();

        _bench.Handle(new SwarmEvent.MetadataReceived(first, new MetadataMessage(MetadataMessageType.Reject, 0, 0), []));

        Assert.Contains(_bench.Effects.Metadata, m => m.Peer == second);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(200L * 1024 * 1024)]
    [InlineData(0)]
    public void BelievesNoSizeThatIsAbsurd(long size)
    {
        Connect(size);

        Assert.Empty(_bench.Effects.Metadata);
    }

    [Fact]
    public void ReportsOnce_WhatIsNoTorrent()
    {
        byte[] nonsense = [.. "d3:foo3:bare"u8];
        var effects = new RecordingEffects();
        var swarm = new Swarm(new InfoHash(Hash.Sha256(nonsense)), _bench.OurId, new SwarmOptions(), _bench.Buffers, new Random(1), effects);
        var peer = new PeerKey(1);
        swarm.Handle(new SwarmEvent.PeerConnected(peer, SwarmBench.At(1), new Handshake(Handshake.ExtensionBit, default, SwarmBench.Name(1)), false), default);
        swarm.Handle(new SwarmEvent.ExtensionsKnown(peer, new ExtensionHandshake { MetadataId = 1, MetadataSize = nonsense.Length }), default);

        swarm.Handle(new SwarmEvent.MetadataReceived(peer, new MetadataMessage(MetadataMessageType.Data, 0, nonsense.Length), nonsense), default);
        swarm.Handle(new SwarmEvent.Tick(), TimeSpan.FromSeconds(10));

        Assert.NotEqual(MetainfoError.None, effects.Unusable);
        Assert.Single(effects.Metadata);
    }

    [Fact]
    public void GivesItToWhoAsks_AndRejectsWhatIsBeyondIt()
    {
        _bench.Open();
        var peer = _bench.Connect("");

        foreach (var piece in (int[])[0, 1, int.MaxValue]) _bench.Handle(new SwarmEvent.MetadataReceived(peer, new MetadataMessage(MetadataMessageType.Request, piece, 0), []));

        var answers = _bench.Effects.Metadata;
        Assert.Equal(Info[..Part], answers[0].Data);
        Assert.Equal(Info[Part..Math.Min(Info.Length, 2 * Part)], answers[1].Data);
        Assert.Equal(MetadataMessageType.Reject, answers[2].Message.Type);
    }

    private PeerKey Connect(long? size = null)
    {
        var peer = _bench.Connect("");
        _bench.Extend(peer, size ?? Info.Length);
        return peer;
    }

    private void AnswerAll(PeerKey? only = null, bool flip = false)
    {
        var bytes = Info;
        if (flip) bytes[^5] ^= 1;
        for (var i = 0; i < _bench.Effects.Metadata.Count; i++)
        {
            var (peer, message, _) = _bench.Effects.Metadata[i];
            if (only is not null && peer != only) continue;

            var start = message.Piece * Part;
            _bench.Handle(new SwarmEvent.MetadataReceived(
                peer, new MetadataMessage(MetadataMessageType.Data, message.Piece, bytes.Length), bytes[start..Math.Min(bytes.Length, start + Part)]));
        }
    }
}
