using System.Net;
using System.Net.Sockets;
using System.Text;
using CsCheck;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Krpc;
using Shoal.Dht.Queries;
using Shoal.Dht.Routing;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht;

public sealed class DhtNodeTests
{
    private const string AskerId = "abcdefghij0123456789";
    private const string KeyText = "mnopqrstuvwxyz123456";

    private static readonly NodeId Self = new(new Hash160("SSSSSSSSSSSSSSSSSSSS"u8));
    private static readonly Hash160 Key = new(Encoding.Latin1.GetBytes(KeyText));
    private static readonly NetEndPoint Local = Parse("10.0.0.1:8468");
    private static readonly NetEndPoint Asker = Parse("10.0.0.2:6881");
    private static readonly NetEndPoint Seed = Parse("10.0.0.3:6881");

    private readonly Outbox _outbox = new();
    private DhtNode _node = NewNode();
    private TimeSpan _now = TimeSpan.FromSeconds(1);

    [Fact]
    public void AnswersPing_ThenPingsWhoeverAsked()
    {
        var sent = Handle($"d1:ad2:id20:{AskerId}e1:q4:ping1:t2:aa1:y1:qe", Asker);

        Assert.Equal(2, sent.Count);
        Assert.Contains("2:id20:SSSSSSSSSSSSSSSSSSSSe", sent[0].Text);
        Assert.Contains("1:t2:aa", sent[0].Text);
        Assert.Contains("1:q4:ping", sent[1].Text);
        Assert.Equal(0, _node.Table.Count);
    }

    [Fact]
    public void EntersContact_OnceItAnswersOurTransaction()
    {
        var ping = Handle($"d1:ad2:id20:{AskerId}e1:q4:ping1:t2:aa1:y1:qe", Asker)[1];

        Handle(Response(AskerId, "zzzz"), Asker);
        Assert.Equal(0, _node.Table.Count);
        Handle(Response(AskerId, ping.Transaction), Seed);
        Assert.Equal(0, _node.Table.Count);
        Handle(Response(AskerId, ping.Transaction), Asker);
        Assert.Equal(1, _node.Table.Count);
        Handle(Response(AskerId, ping.Transaction), Asker);
        Assert.Equal(1, _node.Table.Count);
    }

    [Fact]
    public void DoesNotMeetReadOnlyAsker_ButAnswersIt()
    {
        var sent = Handle($"d1:ad2:id20:{AskerId}e1:q4:ping2:roi1e1:t2:aa1:y1:qe", Asker);

        Assert.Single(sent);
    }

    [Fact]
    public void DoesNotAnswer_WhenReadOnly()
    {
        _node = NewNode(new DhtNodeOptions { ReadOnly = true });

        Assert.Empty(Handle($"d1:ad2:id20:{AskerId}e1:q4:ping1:t2:aa1:y1:qe", Asker));
    }

    [Theory]
    [InlineData("d1:ade1:q4:ping1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:q4:ping1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q9:find_node1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q9:get_peers1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti0e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q5:weird1:t2:aa1:y1:qe", 204)]
    public void SaysWhatIsWrong(string query, int code) => Assert.Contains($"d1:eli{code}e", Handle(query, Asker)[0].Text);

    [Fact]
    public void AnswersUnknownQueryAsFindNode_WhenItNamesTarget()
    {
        var sent = Handle($"d1:ad2:id20:{AskerId}6:target20:{KeyText}e1:q5:weird1:t2:aa1:y1:qe", Asker);

        Assert.Contains("5:nodes0:", sent[0].Text);
    }

    [Fact]
    public void StoresAnnouncement_WhenTokenIsOurs()
    {
        Announce(Asker, "4:porti9000e");

        Assert.Contains("6:valuesl6:\n\0\0\u0002#(e", Handle(GetPeers(), Asker)[0].Text);
    }

    [Fact]
    public void StoresSourcePort_WhenImplied()
    {
        Announce(Asker, "4:porti9000e", "12:implied_porti1e");

        Assert.Contains("6:valuesl6:\n\0\0\u0002\u001a\u00e1e", Handle(GetPeers(), Asker)[0].Text);
    }

    [Fact]
    public void NamesItself_AtAddressThatWasAsked()
    {
        _node.Announce(Key, 9000, _now, _outbox);
        _outbox.Clear();

        Assert.Contains("6:valuesl6:\n\0\0\u0001#(e", Handle(GetPeers(), Asker)[0].Text);
        _node.Withdraw(Key);
        Assert.DoesNotContain("values", Handle(GetPeers(), Asker)[0].Text);
    }

    [Fact]
    public void NeverAnswersMoreThanFits()
    {
        for (var i = 0; i < 300; i++) _node.Store.TryAdd(Key, Parse($"10.1.{i / 250}.{i % 250 + 1}:9000"), isSeed: false, _now);

        var answer = Handle(GetPeers(), Asker)[0];

        Assert.InRange(answer.Text.Length, 700, AnswerBounds.Any);
    }

    [Fact]
    public void NeverUsesImpliedPort()
    {
        _node.AddSeed(Seed, configured: true, _now, _outbox);
        _node.Announce(Key, 9000, _now, _outbox);
        var query = Take().Find(d => d.Text.Contains("get_peers"))!;

        var announce = Handle($"d1:rd2:id20:{AskerId}5:token3:abce1:t4:{query.Transaction}1:y1:re", Seed).Find(d => d.Text.Contains("announce_peer"))!;

        Assert.Contains("4:porti9000e5:token3:abc", announce.Text);
        Assert.DoesNotContain("implied_port", announce.Text);
    }

    [Fact]
    public void SaysThatItIsSeed_WhenItIs()
    {
        _node.AddSeed(Seed, configured: true, _now, _outbox);
        _node.Announce(Key, 9000, _now, _outbox, isSeed: true);
        var query = Take().Find(d => d.Text.Contains("get_peers"))!;

        var announce = Handle($"d1:rd2:id20:{AskerId}5:token3:abce1:t4:{query.Transaction}1:y1:re", Seed).Find(d => d.Text.Contains("announce_peer"))!;

        Assert.Contains("4:porti9000e4:seedi1e5:token3:abc", announce.Text);
    }

    [Fact]
    public void AsksWaitingLookupOfSeed_AndReportsItsPeers()
    {
        var lookup = _node.Find(Key, _now, _outbox);
        _node.AddSeed(Seed, configured: true, _now, _outbox);
        var query = Take().Find(d => d.Text.Contains("get_peers"))!;

        _now += TimeSpan.FromMilliseconds(5);
        _node.Handle(Encoding.Latin1.GetBytes($"d1:rd2:id20:{AskerId}5:token3:abc6:valuesl6:\n\0\0\u0002#(6:\u007f\0\0\u0001#(6:\n\0\0\u0002\0\0ee1:t4:{query.Transaction}1:y1:re"), Seed, Local, _now, _outbox);

        var found = Assert.Single(_outbox.Events.OfType<PeerFound>());
        Assert.Equal(new FoundPeer(Asker.WithPort(9000), Seed, 1, TimeSpan.FromMilliseconds(5)) { Queries = 1 }, found.Peer);
        Assert.Contains(_outbox.Events, e => e is FindEnded ended && ended.Task == lookup && ended.Result.Contacts == 1);
    }

    [Theory]
    [InlineData("127.0.0.1:6881")]
    [InlineData("10.0.0.9:0")]
    [InlineData("224.0.0.1:6881")]
    [InlineData("0.0.0.0:6881")]
    [InlineData("169.254.1.1:6881")]
    public void DoesNotContact_WhatItsSourceCannotReach(string told)
    {
        var compact = new byte[6];
        Parse(told).WriteCompact(compact);
        _node.AddSeed(Seed, configured: true, _now, _outbox);
        var query = Take()[0];

        var sent = Handle($"d1:rd2:id20:{AskerId}5:nodes26:{KeyText}{Encoding.Latin1.GetString(compact)}e1:t4:{query.Transaction}1:y1:re", Seed);

        Assert.DoesNotContain(sent, d => d.To != Seed);
    }

    [Fact]
    public void StopsAnsweringSource_ThatAsksTooMuch()
    {
        _node = NewNode(new DhtNodeOptions { QueriesPerLocalSource = 3 });
        for (var i = 0; i < 5; i++) Handle(GetPeers(), Asker);

        Assert.Empty(Handle(GetPeers(), Asker));
        Assert.NotEmpty(Handle(GetPeers(), Seed));
        _now += TimeSpan.FromSeconds(1);
        Assert.NotEmpty(Handle(GetPeers(), Asker));
    }

    [Fact]
    public void RetriesSeeds_WhileNobodyAnswers()
    {
        _node.AddSeed(Seed, configured: true, _now, _outbox);
        var tries = Take().Count;
        for (var i = 0; i < 600; i++)
        {
            _now += TimeSpan.FromMilliseconds(100);
            _node.Tick(_now, _outbox);
            tries += Take().Count;
        }

        Assert.InRange(tries, 4, 12);
    }

    [Fact]
    public void TakesIdOfItsAddress_OnceEnoughSeeItThere()
    {
        for (var i = 1; i <= 5; i++)
        {
            var contact = Parse($"8.8.{i}.8:6881");
            var asked = Handle($"d1:ad2:id20:{AskerId[..^1]}{i}e1:q4:ping1:t2:aa1:y1:qe", contact)[1];
            Assert.Equal(i > 3, _node.Id != Self);
            Handle($"d2:ip6:\u00cb\0q\u0005!\u00141:rd2:id20:{AskerId[..^1]}{i}e1:t4:{asked.Transaction}1:y1:re", contact);
        }

        Assert.True(NodeIdRule.Accepts(_node.Id, Parse("203.0.113.5:8468")));
        Assert.Equal(5, _node.Table.Count);
    }

    [Fact]
    public void KeepsItsId_WhereItsAddressIsNotGlobal()
    {
        for (var i = 1; i <= 5; i++)
        {
            var contact = Parse($"10.0.1.{i}:6881");
            var asked = Handle($"d1:ad2:id20:{AskerId[..^1]}{i}e1:q4:ping1:t2:aa1:y1:qe", contact)[1];
            Handle($"d2:ip6:\n\0\0\u0001!\u00141:rd2:id20:{AskerId[..^1]}{i}e1:t4:{asked.Transaction}1:y1:re", contact);
        }

        Assert.Equal(Self, _node.Id);
    }

    [Fact]
    public void AnswersNothing_AboveItsCeiling()
    {
        _node = new DhtNode(Self, AddressFamily.InterNetwork, new DhtNodeOptions(), new Random(1), TimeSpan.Zero, new SendBudget(bytesPerSecond: 2000));
        var answered = 0;
        for (var i = 0; i < 100; i++) answered += Handle(GetPeers(), Asker).Count(d => d.Text.EndsWith("1:y1:re", StringComparison.Ordinal));

        Assert.InRange(answered, 1, 10);
        Assert.True(_node.Counters.RateLimited >= 90);
    }

    [Fact]
    public void AsksItsSeedsForFewKeysAtATime_WhileNobodyIsKnown()
    {
        for (var i = 1; i <= 40; i++) _node.AddSeed(Parse($"10.0.2.{i}:6881"), configured: true, _now, _outbox);
        Take();
        for (var i = 0; i < 500; i++) _node.Announce(Hash160.Random(new Random(i)), 9000, _now, _outbox);

        Assert.InRange(Take().Count, 1, 4 * 40);
        for (var tick = 0; tick < 300; tick++)
        {
            _now += TimeSpan.FromMilliseconds(100);
            _node.Tick(_now, _outbox);
            Assert.InRange(Take().Count, 0, 256);
        }
    }

    [Fact]
    public void NeverThrows_OnHostileDatagrams()
    {
        var packets = new[] { GetPeers(), Response(AskerId, "abcd"), $"d1:rd2:id20:{AskerId}5:nodes26:{KeyText}0102035:token3:abc6:valuesl6:abcdefee1:t4:abcd1:y1:re" };
        Gen.Select(Gen.Int[0, packets.Length - 1], Gen.Int[0, 150], Gen.Byte, Gen.Byte.Array[0, 100]).Sample((packet, at, value, noise) =>
        {
            var bytes = Encoding.Latin1.GetBytes(packets[packet]);
            bytes[at % bytes.Length] = value;
            var node = NewNode();
            var outbox = new Outbox();
            node.Handle(bytes, Asker, Local, _now, outbox);
            node.Handle(noise, Asker, Local, _now, outbox);
            node.Tick(_now, outbox);
        });
    }

    private static DhtNode NewNode(DhtNodeOptions? options = null) =>
        new(Self, AddressFamily.InterNetwork, options ?? new DhtNodeOptions(), new Random(1), TimeSpan.Zero);

    private void Announce(NetEndPoint from, string port, string implied = "")
    {
        var answer = Handle(GetPeers(), from)[0].Text;
        var token = answer.Substring(answer.IndexOf("5:token8:", StringComparison.Ordinal) + 9, 8);
        Handle($"d1:ad2:id20:{AskerId}{implied}9:info_hash20:{KeyText}{port}5:token8:{token}e1:q13:announce_peer1:t2:aa1:y1:qe", from);
    }

    private static string GetPeers() => $"d1:ad2:id20:{AskerId}9:info_hash20:{KeyText}e1:q9:get_peers1:t2:aa1:y1:qe";

    private static string Response(string id, string transaction) => $"d1:rd2:id20:{id}e1:t4:{transaction}1:y1:re";

    private List<Sent> Handle(string datagram, NetEndPoint from)
    {
        _node.Handle(Encoding.Latin1.GetBytes(datagram), from, Local, _now, _outbox);
        return Take();
    }

    private List<Sent> Take()
    {
        var sent = new List<Sent>();
        for (var i = 0; i < _outbox.Count; i++)
        {
            var text = Encoding.Latin1.GetString(_outbox.Datagram(i));
            KrpcReader.TryRead(_outbox.Datagram(i), out var message);
            sent.Add(new Sent(_outbox.To(i), text, Encoding.Latin1.GetString(message.Transaction)));
        }

        _outbox.Clear();
        return sent;
    }

    private static NetEndPoint Parse(string text)
    {
        Assert.True(NetEndPoint.TryParse(text, out var endPoint));
        return endPoint;
    }

    private sealed record Sent(NetEndPoint To, string Text, string Transaction);
}
