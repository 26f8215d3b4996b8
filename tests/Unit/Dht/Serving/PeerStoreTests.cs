using System.Net;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

public sealed class PeerStoreTests
{
    private static readonly Hash160 Self = new("SSSSSSSSSSSSSSSSSSSS"u8);
    private static readonly Hash160 Near = new("SSSSSSSSSSSSSSSSSSS1"u8);
    private static readonly Hash160 Middle = new("SSSSSSSSSS1111111111"u8);
    private static readonly Hash160 Far = new("\u007fAAAAAAAAAAAAAAAAAAA"u8);

    private readonly PeerStore _store = NewStore(new DhtNodeOptions { MaxStoredKeys = 2, MaxPeersPerKey = 3 });

    [Fact]
    public void GivesWhatWasAdded()
    {
        Add(_store, Near, Peer(1));
        Add(_store, Near, Peer(2));
        Add(_store, Near, Peer(1));

        Assert.Equal([Peer(1), Peer(2)], Sample(Near));
        Assert.Equal((1, 2), (_store.Keys, _store.Peers));
    }

    [Fact]
    public void Forgets_AfterHalfAnHour()
    {
        _store.TryAdd(Near, Peer(1), isSeed: false, TimeSpan.Zero);
        _store.TryAdd(Near, Peer(2), isSeed: false, TimeSpan.FromMinutes(10));

        Assert.Equal([Peer(2)], Sample(Near, TimeSpan.FromMinutes(30)));
        _store.Tick(TimeSpan.FromMinutes(40));
        Assert.Equal((0, 0), (_store.Keys, _store.Peers));
    }

    [Fact]
    public void LetsOldestPeerGo_WhenKeyIsFull()
    {
        for (var i = 0; i < 4; i++) Add(_store, Near, Peer(i));

        Assert.Equal([Peer(1), Peer(2), Peer(3)], Sample(Near));
        Assert.Equal(3, _store.Peers);
    }

    [Fact]
    public void LetsFarthestKeyGo_WhenFull()
    {
        Assert.True(Add(_store, Far, Peer(1)));
        Assert.True(Add(_store, Middle, Peer(1)));

        Assert.True(Add(_store, Near, Peer(1)));
        Assert.Empty(Sample(Far));
        Assert.Equal((2, 2), (_store.Keys, _store.Peers));
    }

    [Fact]
    public void RefusesKey_ThatIsFartherThanAll()
    {
        Add(_store, Near, Peer(1));
        Add(_store, Middle, Peer(1));

        Assert.False(Add(_store, Far, Peer(1)));
        Assert.True(Add(_store, Middle, Peer(2)));
    }

    [Fact]
    public void LetsOtherKeyGo_WhenWeAreSomebodyElse()
    {
        Add(_store, Near, Peer(1));
        Add(_store, Middle, Peer(1));

        _store.Self = Far;

        Assert.True(Add(_store, Far, Peer(1)));
        Assert.Single(Sample(Far));
        Assert.Equal(2, _store.Keys);
    }

    [Fact]
    public void KeepsOnePeerToAnAddress_WhenItIsGlobal()
    {
        Add(_store, Near, Parse("8.8.8.8:1"));
        Add(_store, Near, Parse("8.8.8.8:2"));

        Assert.Equal([Parse("8.8.8.8:2")], Sample(Near));
    }

    [Fact]
    public void KeepsOnePeerToAPort_WhenAddressIsNear()
    {
        Add(_store, Near, Peer(1).WithPort(1));
        Add(_store, Near, Peer(1).WithPort(2));

        Assert.Equal(2, Sample(Near).Length);
    }

    [Fact]
    public void LetsFarthestKeyGo_WhenThereAreTooManyPeers()
    {
        var store = NewStore(new DhtNodeOptions { MaxStoredPeers = 4 });
        for (var i = 0; i < 2; i++) Add(store, Far, Peer(i));
        for (var i = 0; i < 2; i++) Add(store, Middle, Peer(i));

        Assert.True(Add(store, Near, Peer(1)));
        Assert.Equal((2, 3), (store.Keys, store.Peers));
        Assert.True(Add(store, Near, Peer(2)));
        Assert.True(Add(store, Near, Peer(3)));
        Assert.True(Add(store, Near, Peer(4)));
        Assert.Equal((1, 4), (store.Keys, store.Peers));
        Assert.True(Add(store, Near, Peer(5)));
        Assert.Equal((1, 4), (store.Keys, store.Peers));
        Assert.False(Add(store, Middle, Peer(1)));
    }

    [Fact]
    public void GivesNoRangeMoreThanQuarter()
    {
        var store = NewStore(new DhtNodeOptions { MaxStoredPeers = 8 });

        Assert.True(Add(store, Near, Parse("8.8.8.1:1")));
        Assert.True(Add(store, Middle, Parse("8.8.8.2:1")));
        Assert.False(Add(store, Near, Parse("8.8.8.3:1")));
        Assert.False(Add(store, Far, Parse("8.8.8.1:1")));
        Assert.True(Add(store, Near, Parse("9.9.9.1:1")));
        Assert.True(Add(store, Near, Parse("8.8.8.1:2")));
        store.Tick(TimeSpan.FromMinutes(31));
        Assert.True(store.TryAdd(Near, Parse("8.8.8.3:1"), isSeed: false, TimeSpan.FromMinutes(31)));
    }

    [Fact]
    public void SamplesEveryPeer_WhenNotAllFit()
    {
        for (var i = 0; i < 3; i++) Add(_store, Near, Peer(i));
        var seen = new HashSet<NetEndPoint>();
        var sample = new NetEndPoint[1];

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(1, _store.Sample(Near, NetworkScope.None, TimeSpan.Zero, sample));
            seen.Add(sample[0]);
        }

        Assert.Equal(3, seen.Count);
    }

    [Fact]
    public void KeepsNearAddressesFromFarAskers()
    {
        Add(_store, Near, Peer(1));

        Assert.Equal(0, _store.Sample(Near, NetworkScope.Global, TimeSpan.Zero, new NetEndPoint[8]));
        Assert.Equal(1, _store.Sample(Near, NetworkScope.Private, TimeSpan.Zero, new NetEndPoint[8]));
        Assert.False(_store.TryScrape(Near, NetworkScope.Global, TimeSpan.Zero, new byte[256], new byte[256]));
    }

    [Fact]
    public void PassesOverSeeds_WhenAskerIsOne()
    {
        _store.TryAdd(Near, Peer(1), isSeed: true, TimeSpan.Zero);
        _store.TryAdd(Near, Peer(2), isSeed: false, TimeSpan.Zero);
        var sample = new NetEndPoint[8];

        Assert.Equal(1, _store.Sample(Near, NetworkScope.None, TimeSpan.Zero, sample, noSeeds: true));
        Assert.Equal(Peer(2), sample[0]);
    }

    [Fact]
    public void FiltersWhatIsStored_AsSeedOrPeer()
    {
        _store.TryAdd(Near, Peer(1), isSeed: false, TimeSpan.Zero);
        _store.TryAdd(Near, Peer(1), isSeed: true, TimeSpan.Zero);
        _store.TryAdd(Near, Peer(2), isSeed: false, TimeSpan.Zero);
        var (seeds, peers) = (new byte[ScrapeFilter.Length], new byte[ScrapeFilter.Length]);

        Assert.True(_store.TryScrape(Near, NetworkScope.None, TimeSpan.Zero, seeds, peers));
        Assert.Equal(Filter(Peer(1)), seeds);
        Assert.Equal(Filter(Peer(2)), peers);
        Assert.False(_store.TryScrape(Near, NetworkScope.None, TimeSpan.FromMinutes(30), seeds, peers));
        Assert.False(_store.TryScrape(Far, NetworkScope.None, TimeSpan.Zero, seeds, peers));
    }

    [Fact]
    public void KeepsNearestKeysInItsBounds_UnderMillionForgedAnnouncements()
    {
        const int Announcements = 1_000_000;
        var options = new DhtNodeOptions { MaxStoredKeys = 1000, MaxPeersPerKey = 2, MaxStoredPeers = 1500 };
        var store = NewStore(options);
        var random = new Random(3);
        var nearest = new PriorityQueue<Hash160, Hash160>();
        for (var i = 0; i < Announcements; i++)
        {
            var key = Hash160.Random(random);
            store.TryAdd(key, new NetEndPoint(new IPAddress(random.NextInt64(0x0100_0000, 0xDF00_0000)), 6881), isSeed: false, TimeSpan.FromMilliseconds(i));
            nearest.Enqueue(key, Negated(key ^ Self));
            if (nearest.Count > options.MaxStoredKeys) nearest.Dequeue();
        }

        Assert.Equal((1000, 1000), (store.Keys, store.Peers));
        var kept = Enumerable.Range(0, store.Keys).Select(store.Key).ToHashSet();
        Assert.True(kept.SetEquals(nearest.UnorderedItems.Select(e => e.Element)));
    }

    private static PeerStore NewStore(DhtNodeOptions options) => new(Self, options, new Random(1));

    private static bool Add(PeerStore store, Hash160 key, NetEndPoint peer) => store.TryAdd(key, peer, isSeed: false, TimeSpan.Zero);

    private static Hash160 Negated(Hash160 value) => value ^ new Hash160(Enumerable.Repeat((byte)0xFF, Hash160.Length).ToArray());

    private static byte[] Filter(NetEndPoint peer)
    {
        var filter = new ScrapeFilter();
        filter.Add(peer);
        return filter.Bytes.ToArray();
    }

    private NetEndPoint[] Sample(Hash160 key, TimeSpan now = default)
    {
        var sample = new NetEndPoint[8];
        return [.. sample[.._store.Sample(key, NetworkScope.None, now, sample)].OrderBy(p => p.ToString(), StringComparer.Ordinal)];
    }

    private static NetEndPoint Peer(int last) => new(new IPAddress([10, 0, 0, (byte)last]), 9000);

    private static NetEndPoint Parse(string text)
    {
        Assert.True(NetEndPoint.TryParse(text, out var endPoint));
        return endPoint;
    }
}
