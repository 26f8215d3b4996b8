using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Serving;
using Shoal.Harness.Content;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class SwarmLayerTests
{
    [Theory]
    [InlineData(8, 4)]
    [InlineData(11, 4)]
    [InlineData(11, 10)]
    [InlineData(600, 300)]
    public async Task LearnsALayer_OfWhichEachPeerKnowsAPart(int pieces, int firstOfTheSecond)
    {
        var torrent = SeededTorrent.OfRun(1, pieces * 256 * 1024 - 5);
        var server = new HashServer(torrent.Info, torrent.Layers(), (_, _, _) => new(false));
        var bench = new SwarmBench(torrent: torrent).Open(layers: torrent.Layers(known: false));
        var first = bench.Connect(new string('x', firstOfTheSecond) + new string('.', pieces - firstOfTheSecond));
        bench.Connect(new string('.', firstOfTheSecond) + new string('x', pieces - firstOfTheSecond));

        for (var i = 0; i < bench.Effects.HashRequests.Count && i < 10_000; i++)
        {
            var (peer, request) = bench.Effects.HashRequests[i];
            var (from, to) = peer == first ? (0, firstOfTheSecond) : (firstOfTheSecond, int.MaxValue);
            var isKnown = request.Range.Index >= from && request.Range.Index + request.Range.Length <= to;
            bench.Handle(isKnown
                ? new SwarmEvent.HashesReceived(peer, request, (await server.AnswerAsync(request, CancellationToken.None))!)
                : new SwarmEvent.HashesRejected(peer, request));
        }

        Assert.Equal([new FileIndex(0)], bench.Effects.Layers);
        Assert.Empty(bench.Effects.Closed);
        Assert.NotEmpty(bench.Effects.Requests);
    }

    [Fact]
    public void AsksForNoPart_WhereATorrentIsNoFileOfItsOwn()
    {
        var torrent = new SeededTorrent(1, SwarmBench.PieceLength, 16 * SwarmBench.PieceLength);
        var bench = new SwarmBench(torrent: torrent).Open(layers: torrent.Layers(known: false));
        var peer = bench.Connect();
        var request = Assert.Single(bench.Effects.HashRequests).Request;

        bench.Handle(new SwarmEvent.HashesRejected(peer, request));
        bench.Pass(11);

        Assert.All(bench.Effects.HashRequests, r => Assert.Equal(request, r.Request));
    }
}
