using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Peers;
using Xunit;

namespace Shoal.Unit.Engine;

/// <summary>What the store finds by itself while a swarm fetches.</summary>
public class SwarmStoreTests
{
    private readonly SwarmBench _bench = new(pieces: 4);

    [Fact]
    public void AsksForNothingOfAFileBeforeTheStoreHasLooked()
    {
        _bench.Effects.Holds = true;
        _bench.Open(layers: _bench.Torrent.Layers(known: false));
        var seed = _bench.Connect();
        AnswerHashes(seed);
        Assert.Equal([default], _bench.Effects.Layers);
        Assert.Empty(_bench.Effects.Requests);

        Gain(0, 1, 2);
        _bench.Handle(new SwarmEvent.FileReady(default));

        Assert.Equal([3], _bench.PiecesAsked(seed));
    }

    [Fact]
    public void IsCompleteWhenTheStoreHadTheRest_AndTellsPeers()
    {
        _bench.Open("111.");
        var other = _bench.Connect("1...");

        Gain(3);
        Gain(3);

        Assert.True(_bench.Swarm.IsComplete);
        Assert.Equal(1, _bench.Effects.Completions);
        Assert.Equal([(other, 3)], _bench.Effects.Haves);
    }

    [Fact]
    public void APieceOnItsWayIsEnteredOnce()
    {
        _bench.Open();
        var seed = _bench.Connect();
        var open = _bench.PiecesAsked(seed)[0];

        Gain(open);
        Assert.False(_bench.Swarm.Have![open]);
        for (var i = 0; i < 4; i++)
        {
            _bench.GiveAll();
            _bench.StoreAll();
        }

        Assert.True(_bench.Swarm.IsComplete);
        Assert.Equal(1, _bench.Effects.Completions);
    }

    private void Gain(params int[] pieces)
    {
        foreach (var piece in pieces) _bench.Handle(new SwarmEvent.PieceGained(new PieceIndex(piece)));
    }

    private void AnswerHashes(PeerKey seed)
    {
        foreach (var (_, request) in _bench.Effects.HashRequests.ToList())
        {
            var hashes = new byte[request.Range.TotalHashes * Hash256.Length];
            request.Range.CopyFrom(_bench.Torrent.Layers()[default(FileIndex)].Span, hashes);
            _bench.Handle(new SwarmEvent.HashesReceived(seed, request, hashes));
        }
    }
}
