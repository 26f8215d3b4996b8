using System.Net;
using System.Text;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Krpc;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

public sealed class ResponderTests
{
    private static readonly NodeId Id = AskedResponder.AskerId;
    private static readonly Hash160 Key = new("mnopqrstuvwxyz123456"u8);
    private static readonly Hash160 OtherKey = new("mnopqrstuvwxyz123457"u8);
    private static readonly NetEndPoint Asker = AskedResponder.Parse("8.8.8.8:6881");
    private static readonly NetEndPoint Neighbour = AskedResponder.Parse("10.0.0.2:6881");

    private readonly AskedResponder _asked = new();

    [Theory]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q3:get1:t2:aa1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q17:sample_infohashes1:t2:aa1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q3:put1:t2:aa1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q5:weird1:t2:aa1:y1:qe")]
    [InlineData("d1:ade1:q4:ping1:t2:aa1:y1:qe")]
    public void TellsAskerItsAddress_WhateverItAsks(string query)
    {
        var answer = AskedResponder.Read(_asked.Ask(Asker, Encoding.Latin1.GetBytes(query)));

        Assert.Equal(Asker, answer.ExternalAddress);
        Assert.True(answer.Transaction.SequenceEqual("aa"u8));
        Assert.True(answer.IsOwnKind);
    }

    [Theory]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q3:get1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q17:sample_infohashes1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij01234567891:vi1ee1:q3:put1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q14:announce_peers1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q13:announce_peer1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q5:weird1:t2:aa1:y1:qe", 204)]
    public void SaysWhatIsWrong(string query, int code) =>
        Assert.Equal(code, AskedResponder.Read(_asked.Ask(Asker, Encoding.Latin1.GetBytes(query))).ErrorCode);

    [Theory]
    [InlineData("6:target")]
    [InlineData("9:info_hash")]
    public void AnswersUnknownQueryAsFindNode_WhenItNamesSomething(string key)
    {
        var answer = AskedResponder.Read(_asked.Ask(Asker, Encoding.Latin1.GetBytes($"d1:ad2:id20:abcdefghij0123456789{key}20:mnopqrstuvwxyz123456e1:q5:weird1:t2:aa1:y1:qe")));

        Assert.Equal(8, AskedResponder.Count(answer.Nodes));
    }

    [Fact]
    public void NamesContactsOfFamiliesThatAreWanted()
    {
        var plain = _asked.Read(Neighbour, w => w.FindNode("aa"u8, Id, readOnly: false, Key, Want.None));
        var other = _asked.Read(Neighbour, w => w.FindNode("aa"u8, Id, readOnly: false, Key, Want.V6));
        var both = _asked.Read(Neighbour, w => w.FindNode("aa"u8, Id, readOnly: false, Key, Want.V4 | Want.V6));

        Assert.Equal((8, 0), (AskedResponder.Count(plain.Nodes), AskedResponder.Count(plain.Nodes6)));
        Assert.Equal((0, 8), (AskedResponder.Count(other.Nodes), AskedResponder.Count(other.Nodes6)));
        Assert.Equal((8, 8), (AskedResponder.Count(both.Nodes), AskedResponder.Count(both.Nodes6)));
    }

    [Fact]
    public void NamesPeersAndContacts_WhenKeyIsStored()
    {
        for (var i = 1; i <= 5; i++) Store(Key, i);

        var answer = _asked.Read(Asker, w => w.GetPeers("aa"u8, Id, readOnly: false, Key, Want.None));

        Assert.Equal((8, 5), (AskedResponder.Count(answer.Nodes), AskedResponder.Count(answer.Values)));
        Assert.Equal(TokenIssuer.TokenLength, answer.Token.Length);
    }

    [Fact]
    public void RemembersWhoIsSeed()
    {
        var token = _asked.Token(Asker);
        _asked.Ask(Asker, w => w.AnnouncePeer("aa"u8, Id, readOnly: false, Key, 6881, token, seed: true));

        var all = _asked.Read(Asker, w => w.GetPeers("aa"u8, Id, readOnly: false, Key, Want.None));
        var unseeded = _asked.Read(Asker, w => w.GetPeers("aa"u8, Id, readOnly: false, Key, Want.None, noSeed: true));

        Assert.Equal((1, 0), (AskedResponder.Count(all.Values), AskedResponder.Count(unseeded.Values)));
    }

    [Fact]
    public void GivesFilters_WhenScrapedAndThereAreEntries()
    {
        Store(Key, 1, isSeed: true);
        Store(Key, 2);

        var hit = _asked.Read(Asker, w => w.GetPeers("aa"u8, Id, readOnly: false, Key, Want.None, scrape: true));
        var miss = _asked.Read(Asker, w => w.GetPeers("aa"u8, Id, readOnly: false, OtherKey, Want.None, scrape: true));

        Assert.Equal(1, new ScrapeFilter(hit.SeedFilter).Estimate, 0.1);
        Assert.Equal(1, new ScrapeFilter(hit.PeerFilter).Estimate, 0.1);
        Assert.Equal((8, 2), (AskedResponder.Count(hit.Nodes), AskedResponder.Count(hit.Values)));
        Assert.True(miss.SeedFilter.IsEmpty);
    }

    [Fact]
    public void RefusesAnnouncement_WhenStoreIsFull()
    {
        var asked = new AskedResponder(options: new DhtNodeOptions { MaxStoredKeys = 1 });
        var token = asked.Token(Asker);
        asked.Ask(Asker, w => w.AnnouncePeer("aa"u8, Id, readOnly: false, AskedResponder.Self.Value, 6881, token));

        Assert.Equal(202, asked.Read(Asker, w => w.AnnouncePeer("aa"u8, Id, readOnly: false, Key, 6881, token)).ErrorCode);
    }

    [Fact]
    public void TakesManyAnnouncements_WithTokenOfAnyKey()
    {
        var token = _asked.Token(Asker);
        Hash160[] keys = [Key, OtherKey, .. Enumerable.Range(0, 7).Select(i => Hash160.Random(new Random(i)))];

        var answer = _asked.Read(Asker, w => w.AnnouncePeers("aa"u8, Id, readOnly: false, keys, 9000, token, seed: true));

        Assert.Equal([0xFF, 0x80], answer.Accepted.ToArray());
        Assert.Equal(9, _asked.Responder.Peers.Keys);
        var fresh = answer.Token.ToArray();
        Assert.Equal(KrpcType.Response, _asked.Read(Asker, w => w.AnnouncePeers("aa"u8, Id, readOnly: false, keys, 9000, fresh)).Type);
        var peers = _asked.Read(Asker, w => w.GetPeers("aa"u8, Id, readOnly: false, OtherKey, Want.None)).Values;
        Assert.True(peers.TryNext(out var peer));
        Assert.Equal(Asker.WithPort(9000), peer);
    }

    [Fact]
    public void SaysWhichOfManyItTook()
    {
        var asked = new AskedResponder(options: new DhtNodeOptions { MaxStoredKeys = 1 });
        var token = asked.Token(Asker);

        var answer = asked.Read(Asker, w => w.AnnouncePeers("aa"u8, Id, readOnly: false, [OtherKey, Key, AskedResponder.Self.Value], 9000, token));

        Assert.Equal([0xA0], answer.Accepted.ToArray());
    }

    [Theory]
    [InlineData(0, 9000, true)]
    [InlineData(41, 9000, true)]
    [InlineData(1, 0, true)]
    [InlineData(1, 9000, false)]
    public void RefusesManyAnnouncements_WhenAnythingIsWrong(int keys, int port, bool isTokenGood)
    {
        var token = Encoding.Latin1.GetString(isTokenGood ? _asked.Token(Asker) : new byte[8]);
        var query = $"d1:ad2:id20:abcdefghij012345678911:info_hashes{keys * 20}:{new string('k', keys * 20)}4:porti{port}e5:token8:{token}e1:q14:announce_peers1:t2:aa1:y1:qe";

        Assert.Equal(203, AskedResponder.Read(_asked.Ask(Asker, Encoding.Latin1.GetBytes(query))).ErrorCode);
        Assert.Equal(0, _asked.Responder.Peers.Keys);
    }

    [Fact]
    public void GivesSamples()
    {
        Store(Key, 1);
        Store(OtherKey, 1);

        var answer = _asked.Read(Asker, w => w.SampleInfohashes("aa"u8, Id, readOnly: false, Key, Want.None));

        Assert.True(answer.HasSamples);
        Assert.Equal((2, 0, 8), (answer.Num, answer.Interval, AskedResponder.Count(answer.Nodes)));
        Assert.Equal(2 * Hash160.Length, answer.Samples.Length);
    }

    [Fact]
    public void SaysHowLongSamplesStay_WhenTheyAreFew()
    {
        for (var i = 0; i < 100; i++) Store(Hash160.Random(new Random(i)), 1);

        var answer = _asked.Read(Asker, w => w.SampleInfohashes("aa"u8, Id, readOnly: false, Key, Want.None));

        Assert.Equal((100, 900, KeySamples.Max * Hash160.Length), (answer.Num, answer.Interval, answer.Samples.Length));
    }

    private void Store(Hash160 key, int peer, bool isSeed = false) =>
        _asked.Responder.Peers.TryAdd(key, new NetEndPoint(new IPAddress([9, 9, (byte)peer, 9]), 6881), isSeed, _asked.Now);
}
