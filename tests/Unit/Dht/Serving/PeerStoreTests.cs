using System.Net;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

public sealed class PeerStoreTests
{
    private static readonly Hash160 Key = Hash160.Random(new Random(1));

    private readonly PeerStore _store = new(maxKeys: 2, maxPeersPerKey: 3, new Random(1));

    [Fact]
    public void GivesWhatWasAdded()
    {
        _store.TryAdd(Key, Peer(1), TimeSpan.Zero);
        _store.TryAdd(Key, Peer(2), TimeSpan.Zero);
        _store.TryAdd(Key, Peer(1), TimeSpan.Zero);

        Assert.Equal([Peer(2), Peer(1)], Sample(TimeSpan.Zero));
        Assert.Equal((1, 2), (_store.Keys, _store.Peers));
    }

    [Fact]
    public void Forgets_AfterHalfAnHour()
    {
        _store.TryAdd(Key, Peer(1), TimeSpan.Zero);
        _store.TryAdd(Key, Peer(2), TimeSpan.FromMinutes(10));

        Assert.Equal([Peer(2)], Sample(TimeSpan.FromMinutes(30)));
        _store.Tick(TimeSpan.FromMinutes(40));
        Assert.Equal((0, 0), (_store.Keys, _store.Peers));
    }

    [Fact]
    public void LetsOldestPeerGo_WhenKeyIsFull()
    {
        for (var i = 0; i < 4; i++) _store.TryAdd(Key, Peer(i), TimeSpan.Zero);

        Assert.Equal([Peer(1), Peer(2), Peer(3)], Sample(TimeSpan.Zero));
        Assert.Equal(3, _store.Peers);
    }

    [Fact]
    public void RefusesKey_WhenFull()
    {
        var random = new Random(2);
        Assert.True(_store.TryAdd(Key, Peer(1), TimeSpan.Zero));
        Assert.True(_store.TryAdd(Hash160.Random(random), Peer(1), TimeSpan.Zero));

        Assert.False(_store.TryAdd(Hash160.Random(random), Peer(1), TimeSpan.Zero));
        Assert.True(_store.TryAdd(Key, Peer(2), TimeSpan.Zero));
    }

    [Fact]
    public void SamplesEveryPeer_WhenNotAllFit()
    {
        for (var i = 0; i < 3; i++) _store.TryAdd(Key, Peer(i), TimeSpan.Zero);
        var seen = new HashSet<NetEndPoint>();
        var sample = new NetEndPoint[1];

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(1, _store.Sample(Key, NetworkScope.None, TimeSpan.Zero, sample));
            seen.Add(sample[0]);
        }

        Assert.Equal(3, seen.Count);
    }

    [Fact]
    public void KeepsNearAddressesFromFarAskers()
    {
        _store.TryAdd(Key, Peer(1), TimeSpan.Zero);

        Assert.Equal(0, _store.Sample(Key, NetworkScope.Global, TimeSpan.Zero, new NetEndPoint[8]));
        Assert.Equal(1, _store.Sample(Key, NetworkScope.Private, TimeSpan.Zero, new NetEndPoint[8]));
    }

    private NetEndPoint[] Sample(TimeSpan now)
    {
        var sample = new NetEndPoint[8];
        return sample[.._store.Sample(Key, NetworkScope.None, now, sample)];
    }

    private static NetEndPoint Peer(int last) => new(new IPAddress([10, 0, 0, (byte)last]), 9000);
}
