using System.Net;
using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;

namespace Shoal.Micro;

internal readonly record struct Query(byte[] Datagram, NetEndPoint From);

/// <summary>
/// One node as it stands in a large network: it knows a few hundred contacts, stores ten thousand keys and a thousand items, and is asked by its contacts.
/// All of it by messages, as in life, except for what others announced before.
/// </summary>
internal sealed class DhtTown
{
    private const int StoredKeys = 10_000;
    private const int StoredItems = 1_000;
    private const int PeersPerKey = 50;
    private const int Distinct = 1_000;

    private readonly Random _random = new(1);
    private readonly List<Hash160> _keys = [];
    private readonly List<Hash160> _items = [];
    private readonly List<(NodeId Id, NetEndPoint EndPoint)> _contacts = [];

    public DhtTown()
    {
        Node = new DhtNode(NodeId.Random(_random), AddressFamily.InterNetwork, new DhtNodeOptions { QueriesPerGlobalSource = int.MaxValue }, new SecureRandom(), Now);
        Meet();
        Store();
        Mixes = [.. Plain(), ("mix", Mixed())];
    }

    public DhtNode Node { get; }

    public Outbox Outbox { get; } = new();

    public NetEndPoint Local { get; } = new(IPAddress.Parse("9.9.9.9"), 8468);

    public TimeSpan Now { get; } = TimeSpan.FromSeconds(1);

    public IReadOnlyList<(string Name, Query[] Queries)> Mixes { get; }

    public int Contacts => Node.Table.Count;

    public int Keys => Node.Store.Keys;

    public int Peers => Node.Store.Peers;

    public int Items => Node.Items.Count;

    /// <summary>Contacts at every distance ask, are asked, and answer: only so they enter the table.</summary>
    private void Meet()
    {
        var met = new Dictionary<NetEndPoint, NodeId>();
        for (var bits = 0; bits < 40; bits++)
        {
            for (var i = 0; i < 20; i++)
            {
                var id = new NodeId(Node.Table.RandomSharing(bits, _random));
                var endPoint = EndPoint();
                met[endPoint] = id;
                Node.Handle(Written(w => w.Ping("aa"u8, id, readOnly: false)), endPoint, Local, Now, Outbox);
                AnswerAll(met);
                if (Node.Table.Find(endPoint) is not null) _contacts.Add((id, endPoint));
            }
        }
    }

    /// <summary>Everybody answers what the node asks, and names nobody.</summary>
    private void AnswerAll(Dictionary<NetEndPoint, NodeId> met)
    {
        var asked = new Queue<(NetEndPoint To, byte[] Transaction)>();
        do
        {
            for (var i = 0; i < Outbox.Count; i++)
                if (KrpcReader.TryRead(Outbox.Datagram(i), out var message) && message.Type == KrpcType.Query) asked.Enqueue((Outbox.To(i), message.Transaction.ToArray()));

            Outbox.Clear();
            if (!asked.TryDequeue(out var query)) return;

            var pong = Written(w =>
            {
                w.BeginResponse(met[query.To], Local);
                w.EndResponse(query.Transaction);
            });
            Node.Handle(pong, query.To, Local, Now, Outbox);
        }
        while (asked.Count > 0 || Outbox.Count > 0);
    }

    private void Store()
    {
        for (var i = 0; i < StoredKeys; i++)
        {
            var key = Hash160.Random(_random);
            _keys.Add(key);
            for (var peer = 0; peer < (i < Distinct ? PeersPerKey : 3); peer++) Node.Store.TryAdd(key, EndPoint(), isSeed: peer % 2 == 0, Now);
        }

        for (var i = 0; i < StoredItems; i++)
        {
            var item = DhtItem.Create(Value());
            var (id, from) = _contacts[i % _contacts.Count];
            var token = Token(id, from, item.Target);
            Node.Handle(Written(w => w.Put("aa"u8, id, readOnly: false, item, token, cas: null)), from, Local, Now, Outbox);
            Outbox.Clear();
            _items.Add(item.Target);
        }
    }

    private IEnumerable<(string Name, Query[] Queries)> Plain()
    {
        yield return ("ping", Each((i, id, from) => Written(w => w.Ping("aa"u8, id, readOnly: false))));
        yield return ("find_node", Each((i, id, from) => Written(w => w.FindNode("aa"u8, id, readOnly: false, Hash160.Random(_random), Want.None))));
        yield return ("get_peers miss", Each((i, id, from) => Miss(id)));
        yield return ("get_peers hit", Each((i, id, from) => Hit(id, i, scrape: false)));
        yield return ("get_peers scrape", Each((i, id, from) => Hit(id, i, scrape: true)));
        yield return ("announce_peer", Each(Announce));
        yield return ("announce_peers (40)", Each(Announces));
        yield return ("get", Each((i, id, from) => Written(w => w.Get("aa"u8, id, readOnly: false, _items[i % _items.Count], sequence: null, Want.None))));
        yield return ("sample_infohashes", Each((i, id, from) => Written(w => w.SampleInfohashes("aa"u8, id, readOnly: false, Hash160.Random(_random), Want.None))));
    }

    /// <summary>10 % ping, 30 % find_node, 50 % get_peers of which one in five finds peers, 10 % announce_peer.</summary>
    private Query[] Mixed() => Each((i, id, from) => (i % 10) switch
    {
        0 => Written(w => w.Ping("aa"u8, id, readOnly: false)),
        1 or 4 or 7 => Written(w => w.FindNode("aa"u8, id, readOnly: false, Hash160.Random(_random), Want.None)),
        2 => Announce(i, id, from),
        3 => Hit(id, i, scrape: false),
        _ => Miss(id),
    });

    private byte[] Miss(NodeId id) => Written(w => w.GetPeers("aa"u8, id, readOnly: false, Hash160.Random(_random), Want.None));

    private byte[] Hit(NodeId id, int i, bool scrape) => Written(w => w.GetPeers("aa"u8, id, readOnly: false, _keys[i % Distinct], Want.None, scrape));

    private byte[] Announce(int i, NodeId id, NetEndPoint from)
    {
        var token = Token(id, from, _keys[i]);
        var query = Written(w => w.AnnouncePeer("aa"u8, id, readOnly: false, _keys[i], 6881, token));
        Node.Handle(query, from, Local, Now, Outbox);
        Outbox.Clear();
        return query;
    }

    private byte[] Announces(int i, NodeId id, NetEndPoint from)
    {
        var token = Token(id, from, _keys[i]);
        var keys = _keys.GetRange(i, KrpcWriter.MaxKeys).ToArray();
        var query = Written(w => w.AnnouncePeers("aa"u8, id, readOnly: false, keys, 6881, token));
        Node.Handle(query, from, Local, Now, Outbox);
        Outbox.Clear();
        return query;
    }

    private byte[] Token(NodeId id, NetEndPoint from, Hash160 key)
    {
        Node.Handle(Written(w => w.GetPeers("aa"u8, id, readOnly: false, key, Want.None)), from, Local, Now, Outbox);
        KrpcReader.TryRead(Outbox.Datagram(0), out var message);
        var token = message.Token.ToArray();
        Outbox.Clear();
        return token;
    }

    private Query[] Each(Func<int, NodeId, NetEndPoint, byte[]> write)
    {
        var queries = new Query[Distinct];
        for (var i = 0; i < Distinct; i++)
        {
            var (id, from) = _contacts[i % _contacts.Count];
            queries[i] = new Query(write(i, id, from), from);
        }

        return queries;
    }

    private NetEndPoint EndPoint() => new(new IPAddress([(byte)_random.Next(20, 100), (byte)_random.Next(256), (byte)_random.Next(256), (byte)_random.Next(256)]), _random.Next(1024, 65536));

    private byte[] Value()
    {
        var bytes = new byte[200];
        _random.NextBytes(bytes);
        return [.. "200:"u8, .. bytes];
    }

    private static byte[] Written(Action<KrpcWriter> write)
    {
        var outbox = new Outbox();
        write(outbox.Writer);
        outbox.End(default);
        return outbox.Datagram(0).ToArray();
    }
}
