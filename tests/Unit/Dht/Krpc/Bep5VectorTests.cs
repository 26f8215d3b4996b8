using System.Text;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Krpc;
using Xunit;

namespace Shoal.Unit.Dht.Krpc;

/// <summary>The example packets of BEP 5.</summary>
public sealed class Bep5VectorTests
{
    private static readonly NodeId Asker = new(new Hash160("abcdefghij0123456789"u8));
    private static readonly NodeId Answerer = new(new Hash160("mnopqrstuvwxyz123456"u8));

    [Fact]
    public void ReadsError()
    {
        var message = Read("d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee");

        Assert.Equal(KrpcType.Error, message.Type);
        Assert.Equal(201, message.ErrorCode);
        Assert.True(message.Transaction.SequenceEqual("aa"u8));
    }

    [Fact]
    public void ReadsPing()
    {
        var message = Read("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe");

        Assert.Equal((KrpcType.Query, KrpcVerb.Ping, Asker), (message.Type, message.Verb, message.Id));
    }

    [Fact]
    public void ReadsPingResponse()
    {
        var message = Read("d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re");

        Assert.Equal((KrpcType.Response, Answerer), (message.Type, message.Id));
    }

    [Fact]
    public void ReadsFindNode()
    {
        var message = Read("d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe");

        Assert.Equal((KrpcVerb.FindNode, Asker, Answerer.Value), (message.Verb, message.Id, message.Target));
    }

    [Fact]
    public void ReadsFindNodeResponse_PassingOverNodesThatAreCutShort()
    {
        var message = Read("d1:rd2:id20:0123456789abcdefghij5:nodes9:def456...e1:t2:aa1:y1:re");

        Assert.False(message.Nodes.IsEmpty);
        Assert.False(message.Nodes.TryNext(out _, out _));
    }

    [Fact]
    public void ReadsGetPeers()
    {
        var message = Read("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe");

        Assert.Equal((KrpcVerb.GetPeers, Asker, Answerer.Value), (message.Verb, message.Id, message.InfoHash));
    }

    [Fact]
    public void ReadsGetPeersResponse()
    {
        var message = Read("d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re");

        Assert.True(message.Token.SequenceEqual("aoeusnth"u8));
        Assert.True(message.Values.TryNext(out var first));
        Assert.True(message.Values.TryNext(out var second));
        Assert.False(message.Values.TryNext(out _));
        Assert.Equal("97.120.106.101:11893", first.ToString());
        Assert.Equal("105.100.104.116:28269", second.ToString());
    }

    [Fact]
    public void ReadsAnnouncePeer()
    {
        var message = Read(
            "d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe");

        Assert.Equal((KrpcVerb.AnnouncePeer, 6881, true), (message.Verb, message.Port, message.ImpliedPort));
        Assert.True(message.Token.SequenceEqual("aoeusnth"u8));
    }

    [Fact]
    public void WritesQueries_AsTheTextDoesButForOurVersion()
    {
        Assert.Equal(
            "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.Ping("aa"u8, Asker, readOnly: false)));
        Assert.Equal(
            "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz1234564:wantl2:n42:n6ee1:q9:find_node2:roi1e1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.FindNode("aa"u8, Asker, readOnly: true, Answerer.Value, Want.V4 | Want.V6)));
        Assert.Equal(
            "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.GetPeers("aa"u8, Asker, readOnly: false, Answerer.Value, Want.None)));
        Assert.Equal(
            "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.AnnouncePeer("aa"u8, Asker, readOnly: false, Answerer.Value, 6881, "aoeusnth"u8)));
    }

    [Fact]
    public void WritesWhatLaterTextsAdd()
    {
        Assert.Equal(
            "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234566:noseedi1e6:scrapei1e4:wantl2:n4ee1:q9:get_peers1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.GetPeers("aa"u8, Asker, readOnly: false, Answerer.Value, Want.V4, scrape: true, noSeed: true)));
        Assert.Equal(
            "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti6881e4:seedi1e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.AnnouncePeer("aa"u8, Asker, readOnly: false, Answerer.Value, 6881, "aoeusnth"u8, seed: true)));
        Assert.Equal(
            "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q17:sample_infohashes1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.SampleInfohashes("aa"u8, Asker, readOnly: false, Answerer.Value, Want.None)));
        Assert.Equal(
            "d1:ad2:id20:abcdefghij012345678911:info_hashes40:mnopqrstuvwxyz123456abcdefghij01234567894:porti6881e4:seedi1e5:token8:aoeusnthe"
            + "1:q14:announce_peers2:roi1e1:t2:aa1:v4:SH\0\u00011:y1:qe",
            Written(w => w.AnnouncePeers("aa"u8, Asker, readOnly: true, [Answerer.Value, Asker.Value], 6881, "aoeusnth"u8, seed: true)));
    }

    [Fact]
    public void WritesFullAnnouncement_WithinBoundOfDatagrams()
    {
        var keys = new Hash160[KrpcWriter.MaxKeys];

        var written = Written(w => w.AnnouncePeers(new byte[KrpcReader.MaxTransactionLength], Asker, readOnly: true, keys, 65535, new byte[32], seed: true));

        Assert.InRange(written.Length, 800, 1024);
    }

    [Fact]
    public void WritesError()
    {
        Assert.Equal(
            "d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:v4:SH\0\u00011:y1:ee",
            Written(w => w.Error("aa"u8, KrpcError.Generic, "A Generic Error Ocurred"u8)));
    }

    private static KrpcMessage Read(string packet)
    {
        Assert.True(KrpcReader.TryRead(Encoding.Latin1.GetBytes(packet), out var message));
        return message;
    }

    private static string Written(Action<KrpcWriter> write)
    {
        var outbox = new Outbox();
        write(outbox.Writer);
        outbox.End(default);
        return Encoding.Latin1.GetString(outbox.Datagram(0));
    }
}
