using System.Text;
using Shoal.Core;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

public sealed class ItemResponderTests
{
    private static readonly NodeId Id = AskedResponder.AskerId;
    private static readonly NetEndPoint Asker = AskedResponder.Parse("8.8.8.8:6881");
    private static readonly ItemKey Key = new(new byte[32]);
    private static readonly DhtItem Mutable = DhtItem.Sign(Key, "i1e"u8, 5, "salt"u8);
    private static readonly DhtItem Immutable = DhtItem.Create("12:Hello World!"u8);

    private readonly AskedResponder _asked = new();

    [Fact]
    public void GivesBackWhatWasPut()
    {
        Assert.Equal(KrpcType.Response, Put(Mutable).Type);
        Assert.Equal(KrpcType.Response, Put(Immutable).Type);

        var mutable = Get(Mutable.Target);
        var immutable = Get(Immutable.Target);

        Assert.True(DhtItem.TryVerify(Mutable.Target, "salt"u8, mutable, out _));
        Assert.True(DhtItem.TryVerify(Immutable.Target, default, immutable, out _));
        Assert.Equal((8, 8), (AskedResponder.Count(mutable.Nodes), AskedResponder.Count(immutable.Nodes)));
        Assert.Equal((8, 8), (mutable.Token.Length, immutable.Token.Length));
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(6, false)]
    public void GivesValue_OnlyWhenItIsNewer(long known, bool isGiven)
    {
        Put(Mutable);

        var answer = Get(Mutable.Target, known);

        Assert.Equal(isGiven, !answer.Value.IsEmpty);
        Assert.Equal(isGiven, !answer.Key.IsEmpty);
        Assert.Equal(isGiven, !answer.Signature.IsEmpty);
        Assert.Equal(5, answer.Sequence);
    }

    [Fact]
    public void NamesContacts_WhenThereIsNoItem()
    {
        var answer = Get(Mutable.Target);

        Assert.Equal(8, AskedResponder.Count(answer.Nodes));
        Assert.True(answer.Value.IsEmpty);
        Assert.Null(answer.Sequence);
    }

    [Fact]
    public void RefusesTokenFirst_WhateverTheSignature()
    {
        Assert.Equal(203, _asked.Read(Asker, w => w.Put("aa"u8, Id, readOnly: false, Mutable, "12345678"u8, cas: null)).ErrorCode);
        Assert.Equal(203, Forged("12345678").ErrorCode);
        Assert.Equal(206, Forged(Encoding.Latin1.GetString(_asked.Token(Asker))).ErrorCode);
        Assert.Equal(0, _asked.Responder.Items.Count);
    }

    [Fact]
    public void SaysWhyItRefuses()
    {
        Put(Mutable);

        Assert.Equal(301, Put(DhtItem.Sign(Key, "i2e"u8, 6, "salt"u8), cas: 4).ErrorCode);
        Assert.Equal(302, Put(DhtItem.Sign(Key, "i2e"u8, 4, "salt"u8)).ErrorCode);
        Assert.Equal(205, Raw($"1:v998:{new string('x', 998)}").ErrorCode);
        Assert.Equal(203, Raw("1:vd1:bi1e1:ai1ee").ErrorCode);
        Assert.Equal(203, Raw("").ErrorCode);
        Assert.Equal(207, Raw("1:vi1e", $"4:salt65:{new string('x', 65)}").ErrorCode);
    }

    private KrpcMessage Get(Hash160 target, long? known = null) =>
        _asked.Read(Asker, w => w.Get("aa"u8, Id, readOnly: false, target, known, Want.None));

    private KrpcMessage Put(DhtItem item, long? cas = null)
    {
        var token = _asked.Token(Asker);
        return _asked.Read(Asker, w => w.Put("aa"u8, Id, readOnly: false, item, token, cas));
    }

    private KrpcMessage Forged(string token)
    {
        var key = Encoding.Latin1.GetString(Key.PublicKey.Span);
        var query = $"d1:ad2:id20:abcdefghij01234567891:k32:{key}3:seqi1e3:sig64:{new string('s', 64)}5:token8:{token}1:vi1ee1:q3:put1:t2:aa1:y1:qe";
        return AskedResponder.Read(_asked.Ask(Asker, Encoding.Latin1.GetBytes(query)));
    }

    private KrpcMessage Raw(string value, string salt = "")
    {
        var token = Encoding.Latin1.GetString(_asked.Token(Asker));
        return AskedResponder.Read(_asked.Ask(Asker, Encoding.Latin1.GetBytes($"d1:ad2:id20:abcdefghij0123456789{salt}5:token8:{token}{value}e1:q3:put1:t2:aa1:y1:qe")));
    }
}
