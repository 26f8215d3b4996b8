using System.Net;
using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;
using Xunit;

namespace Shoal.Unit.Dht;

/// <summary>A query costs no garbage, whoever asks it, once a node has stood for a while.</summary>
public sealed class AnsweringAllocationTests
{
    private static readonly NodeId Self = new(new Hash160("SSSSSSSSSSSSSSSSSSSS"u8));
    private static readonly NodeId AskerId = new(new Hash160("abcdefghij0123456789"u8));
    private static readonly Hash160 Stored = new("mnopqrstuvwxyz123456"u8);
    private static readonly Hash160 Unknown = new("mnopqrstuvwxyz123457"u8);
    private static readonly NetEndPoint Local = new(IPAddress.Parse("9.9.9.9"), 8468);
    private static readonly NetEndPoint Asker = new(IPAddress.Parse("8.8.8.8"), 6881);
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(1);

    private readonly DhtNode _node =
        new(Self, AddressFamily.InterNetwork, new DhtNodeOptions { QueriesPerGlobalSource = int.MaxValue }, new SecureRandom(), TimeSpan.Zero);

    private readonly Outbox _outbox = new();

    public AnsweringAllocationTests()
    {
        Meet(Asker, AskerId);
        for (var i = 0; i < 60; i++) Meet(new NetEndPoint(new IPAddress([7, (byte)i, 1, 1]), 6881), NodeId.Random(new Random(i)));
        for (var i = 0; i < 150; i++) _node.Store.TryAdd(Stored, new NetEndPoint(new IPAddress([6, (byte)i, 1, 1]), 6881), isSeed: i % 2 == 0, Now);
        for (var i = 0; i < 100; i++) _node.Store.TryAdd(Hash160.Random(new Random(i)), Asker, isSeed: false, Now);
    }

    [Fact]
    public void Ping() => AssertFree(w => w.Ping("aa"u8, AskerId, readOnly: false));

    [Fact]
    public void FindNode() => AssertFree(w => w.FindNode("aa"u8, AskerId, readOnly: false, Unknown, Want.V4 | Want.V6));

    [Fact]
    public void GetPeers_WithoutPeers() => AssertFree(w => w.GetPeers("aa"u8, AskerId, readOnly: false, Unknown, Want.None));

    [Fact]
    public void GetPeers_WithPeers() => AssertFree(w => w.GetPeers("aa"u8, AskerId, readOnly: false, Stored, Want.None));

    [Fact]
    public void GetPeers_ThatScrapes() => AssertFree(w => w.GetPeers("aa"u8, AskerId, readOnly: false, Stored, Want.None, scrape: true));

    [Fact]
    public void SampleInfohashes() => AssertFree(w => w.SampleInfohashes("aa"u8, AskerId, readOnly: false, Unknown, Want.None));

    [Fact]
    public void AnnouncePeer_ThatIsKnown()
    {
        var token = Token();
        AssertFree(w => w.AnnouncePeer("aa"u8, AskerId, readOnly: false, Stored, 6881, token));
    }

    [Fact]
    public void AnnouncePeers_ThatAreKnown()
    {
        var token = Token();
        AssertFree(w => w.AnnouncePeers("aa"u8, AskerId, readOnly: false, [Stored, Unknown], 6881, token));
    }

    [Fact]
    public void Get_OfStoredItem()
    {
        var token = Token();
        var item = DhtItem.Sign(new ItemKey(new byte[32]), "12:Hello World!"u8, 1);
        Handle(Written(w => w.Put("aa"u8, AskerId, readOnly: false, item, token, cas: null)), Asker);

        AssertFree(w => w.Get("aa"u8, AskerId, readOnly: false, item.Target, sequence: null, Want.None));
    }

    [Fact]
    public void WhatIsRefused() => AssertFree(w => w.AnnouncePeer("aa"u8, AskerId, readOnly: false, Stored, 6881, "bad"u8));

    private void AssertFree(Action<KrpcWriter> write)
    {
        var query = Written(write);
        for (var i = 0; i < 100; i++) Handle(query, Asker);

        var (answers, least) = (0, long.MaxValue);
        for (var round = 0; round < 3 && least > 0; round++) // the runtime may allocate once, when it compiles a method anew
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 200; i++) answers += Handle(query, Asker);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(200 * (round + 1), answers);
        }

        Assert.Equal(0, least);
    }

    private void Meet(NetEndPoint endPoint, NodeId id)
    {
        _node.Handle(Written(w => w.Ping("aa"u8, id, readOnly: false)), endPoint, Local, Now, _outbox);
        if (_outbox.Count == 2 && KrpcReader.TryRead(_outbox.Datagram(1), out var ping))
        {
            var transaction = ping.Transaction.ToArray();
            _outbox.Clear();
            var pong = Written(w =>
            {
                w.BeginResponse(id, Local);
                w.EndResponse(transaction);
            });
            _node.Handle(pong, endPoint, Local, Now, _outbox);
        }

        _outbox.Clear();
    }

    private byte[] Token()
    {
        _node.Handle(Written(w => w.GetPeers("aa"u8, AskerId, readOnly: false, Unknown, Want.None)), Asker, Local, Now, _outbox);
        Assert.True(KrpcReader.TryRead(_outbox.Datagram(0), out var message));
        var token = message.Token.ToArray();
        _outbox.Clear();
        return token;
    }

    private int Handle(byte[] query, NetEndPoint from)
    {
        _node.Handle(query, from, Local, Now, _outbox);
        var sent = _outbox.Count;
        _outbox.Clear();
        return sent;
    }

    private static byte[] Written(Action<KrpcWriter> write)
    {
        var outbox = new Outbox();
        write(outbox.Writer);
        outbox.End(default);
        return outbox.Datagram(0).ToArray();
    }
}
