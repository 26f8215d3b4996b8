using System.Net;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;
using Xunit;

namespace Shoal.Unit.Dht.Items;

public sealed class ItemStoreTests
{
    private static readonly ItemKey Key = new(new byte[32]);
    private static readonly NetEndPoint From = new(IPAddress.Parse("10.0.0.1"), 6881);

    private readonly ItemStore _store = NewStore(new DhtNodeOptions { MaxStoredItems = 4 });

    [Fact]
    public void GivesWhatWasPut()
    {
        var immutable = DhtItem.Create("i1e"u8);
        var mutable = DhtItem.Sign(Key, "i2e"u8, 1, "salt"u8);

        Assert.Null(Put(immutable));
        Assert.Null(Put(mutable));

        Assert.True(_store.TryGet(immutable.Target, TimeSpan.Zero, out var first));
        Assert.True(_store.TryGet(mutable.Target, TimeSpan.Zero, out var second));
        Assert.False(first.IsMutable);
        Assert.Equal(1, second.Sequence);
    }

    [Fact]
    public void ReplacesItem_WhenNumberIsHigher()
    {
        Put(Signed(1, "i1e"u8));

        Assert.Null(Put(Signed(2, "i2e"u8)));
        Assert.True(_store.TryGet(Signed(1, "i1e"u8).Target, TimeSpan.Zero, out var item));
        Assert.True(item.Value.Span.SequenceEqual("i2e"u8));
        Assert.Equal(1, _store.Count);
    }

    [Fact]
    public void RefusesLowerNumber_AndAnotherValueForSameOne()
    {
        Put(Signed(2, "i2e"u8));

        Assert.Equal(KrpcError.SequenceTooLow, Put(Signed(1, "i1e"u8)));
        Assert.Equal(KrpcError.SequenceTooLow, Put(Signed(2, "i1e"u8)));
        Assert.Null(Put(Signed(2, "i2e"u8)));
    }

    [Fact]
    public void RefusesPut_WhenItExpectsAnotherNumber()
    {
        Assert.Null(Put(Signed(2, "i2e"u8), cas: 7));

        Assert.Equal(KrpcError.CasMismatch, Put(Signed(3, "i3e"u8), cas: 1));
        Assert.Null(Put(Signed(3, "i3e"u8), cas: 2));
    }

    [Fact]
    public void RefusesWhatIsMalformed()
    {
        var good = Message(Signed(1, "i1e"u8));

        var put = good;
        put.Signature = new byte[64];
        Assert.Equal(KrpcError.InvalidSignature, _store.Put(put, From, TimeSpan.Zero));
        put.Signature = default;
        Assert.Equal(KrpcError.InvalidSignature, _store.Put(put, From, TimeSpan.Zero));
        put = good;
        put.Sequence = null;
        Assert.Equal(KrpcError.Protocol, _store.Put(put, From, TimeSpan.Zero));
        put.Sequence = -1;
        Assert.Equal(KrpcError.Protocol, _store.Put(put, From, TimeSpan.Zero));
        put = good;
        put.Key = default;
        Assert.Equal(KrpcError.Protocol, _store.Put(put, From, TimeSpan.Zero));
        put = good;
        put.Salt = new byte[65];
        Assert.Equal(KrpcError.SaltTooBig, _store.Put(put, From, TimeSpan.Zero));
        put = good;
        put.Value = new byte[1001];
        Assert.Equal(KrpcError.ValueTooBig, _store.Put(put, From, TimeSpan.Zero));
        put.Value = "d1:bi1e1:ai1ee"u8;
        Assert.Equal(KrpcError.Protocol, _store.Put(put, From, TimeSpan.Zero));
        put.Value = default;
        Assert.Equal(KrpcError.Protocol, _store.Put(put, From, TimeSpan.Zero));
        Assert.Equal(0, _store.Count);
    }

    [Fact]
    public void Forgets_TwoHoursAfterLastPut()
    {
        var item = DhtItem.Create("i1e"u8);
        Put(item);
        Put(item, now: TimeSpan.FromHours(1));

        Assert.True(_store.TryGet(item.Target, TimeSpan.FromHours(2), out _));
        Assert.False(_store.TryGet(item.Target, TimeSpan.FromHours(3), out _));
        _store.Tick(TimeSpan.FromHours(3));
        Assert.Equal(0, _store.Count);
    }

    [Fact]
    public void TakesItemAnew_WhenItHasExpired()
    {
        Put(Signed(2, "i2e"u8));

        Assert.Null(Put(Signed(1, "i1e"u8), now: TimeSpan.FromHours(2)));
        Assert.Equal(1, _store.Count);
    }

    [Fact]
    public void KeepsNearestItems_WhenFull()
    {
        var items = Enumerable.Range(0, 100).Select(i => DhtItem.Create(System.Text.Encoding.ASCII.GetBytes($"i{i}e"))).ToList();

        foreach (var item in items) Put(item);

        var nearest = items.OrderBy(i => i.Target ^ default(Hash160)).Take(4);
        Assert.All(nearest, i => Assert.True(_store.TryGet(i.Target, TimeSpan.Zero, out _)));
        Assert.Equal(4, _store.Count);
    }

    [Fact]
    public void GivesNoRangeMoreThanQuarter()
    {
        var store = NewStore(new DhtNodeOptions { MaxStoredItems = 8 });
        var from = new NetEndPoint(IPAddress.Parse("8.8.8.8"), 1);

        Assert.Null(store.Put(Message(DhtItem.Create("i1e"u8)), from, TimeSpan.Zero));
        Assert.Null(store.Put(Message(DhtItem.Create("i2e"u8)), from, TimeSpan.Zero));
        Assert.Equal(KrpcError.Server, store.Put(Message(DhtItem.Create("i3e"u8)), from, TimeSpan.Zero));
        Assert.Null(store.Put(Message(DhtItem.Create("i3e"u8)), From, TimeSpan.Zero));
    }

    [Fact]
    public void ChecksSoManySignaturesASecond_AndNoMore()
    {
        var store = NewStore(new DhtNodeOptions { SignatureChecks = 1 });

        Assert.Null(store.Put(Message(Signed(1, "i1e"u8)), From, TimeSpan.Zero));
        Assert.Equal(KrpcError.Server, store.Put(Message(Signed(2, "i2e"u8)), From, TimeSpan.Zero));
        Assert.Null(store.Put(Message(Signed(1, "i1e"u8)), From, TimeSpan.Zero));
        Assert.Null(store.Put(Message(DhtItem.Create("i3e"u8)), From, TimeSpan.Zero));
        Assert.Null(store.Put(Message(Signed(2, "i2e"u8)), From, TimeSpan.FromSeconds(1)));
    }

    private static ItemStore NewStore(DhtNodeOptions options) => new(default, options, new Random(1));

    private static DhtItem Signed(long sequence, ReadOnlySpan<byte> value) => DhtItem.Sign(Key, value, sequence);

    private static KrpcMessage Message(DhtItem item, long? cas = null) => new()
    {
        Key = item.PublicKey.Span,
        Salt = item.Salt.Span,
        Signature = item.Signature.Span,
        Sequence = item.IsMutable ? item.Sequence : null,
        Value = item.Value.Span,
        Cas = cas,
    };

    private KrpcError? Put(DhtItem item, long? cas = null, TimeSpan now = default) => _store.Put(Message(item, cas), From, now);
}
