using System.Net;
using System.Net.Sockets;
using System.Text;
using Shoal.Core;
using Shoal.Dht;
using Xunit;

namespace Shoal.Unit.Dht;

[Collection(nameof(Alone))]
public sealed class FloodTests
{
    private const int Queries = 200_000;
    private const long MegaByte = 1024 * 1024;

    private static readonly NetEndPoint Local = new(IPAddress.Parse("9.9.9.9"), 8468);

    private readonly Random _random = new(1);
    private readonly Outbox _outbox = new();

    [Fact]
    public void HoldsItsBounds_AgainstForgedIdsFromEverywhere()
    {
        var node = new DhtNode(NodeId.Random(_random), AddressFamily.InterNetwork, new DhtNodeOptions(), _random, TimeSpan.Zero);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var pings = 0;
        for (var i = 0; i < Queries; i++)
        {
            var now = TimeSpan.FromMilliseconds(i / 20.0);
            node.Handle(Encoding.Latin1.GetBytes($"d1:ad2:id20:{Text(20)}6:target20:{Text(20)}e1:q9:find_node1:t2:aa1:y1:qe"), Anywhere(), Local, now, _outbox);
            if (i % 100 == 0) node.Tick(now, _outbox);
            for (var d = 0; d < _outbox.Count; d++) if (Encoding.Latin1.GetString(_outbox.Datagram(d)).EndsWith("1:y1:qe", StringComparison.Ordinal)) pings++;
            _outbox.Clear();
        }

        Assert.Equal(0, node.Table.Count);
        Assert.InRange(pings, 1, 2048);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 * MegaByte);
    }

    [Fact]
    public void HoldsItsBounds_AgainstForgedAnswers()
    {
        var node = new DhtNode(NodeId.Random(_random), AddressFamily.InterNetwork, new DhtNodeOptions(), _random, TimeSpan.Zero);
        node.AddSeed(Anywhere(), configured: true, TimeSpan.Zero, _outbox);
        node.Find(Hash160.Random(_random), TimeSpan.Zero, _outbox);
        _outbox.Clear();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < Queries; i++)
        {
            node.Handle(Encoding.Latin1.GetBytes($"d1:rd2:id20:{Text(20)}5:nodes208:{Text(208)}e1:t4:{Text(4)}1:y1:re"), Anywhere(), Local, TimeSpan.FromSeconds(1), _outbox);
            Assert.Equal(0, _outbox.Count);
        }

        Assert.Equal(0, node.Table.Count);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, MegaByte);
    }

    [Fact]
    public void HoldsItsBounds_AgainstPuts()
    {
        var options = new DhtNodeOptions { MaxStoredItems = 500 };
        var node = new DhtNode(NodeId.Random(_random), AddressFamily.InterNetwork, options, _random, TimeSpan.Zero);
        for (var i = 0; i < 20_000; i++)
        {
            var from = Anywhere();
            var now = TimeSpan.FromMilliseconds(i);
            node.Handle(Encoding.Latin1.GetBytes($"d1:ad2:id20:{Text(20)}6:target20:{Text(20)}e1:q3:get1:t2:aa1:y1:qe"), from, Local, now, _outbox);
            var answer = _outbox.Count == 0 ? "" : Encoding.Latin1.GetString(_outbox.Datagram(0));
            _outbox.Clear();
            var token = answer.IndexOf("5:token8:", StringComparison.Ordinal);
            if (token < 0) continue;

            node.Handle(Encoding.Latin1.GetBytes($"d1:ad2:id20:{Text(20)}5:token8:{answer.Substring(token + 9, 8)}1:v8:{Text(8)}e1:q3:put1:t2:aa1:y1:qe"), from, Local, now, _outbox);
            _outbox.Clear();
        }

        Assert.Equal(options.MaxStoredItems, node.Items.Count);
    }

    private string Text(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return Encoding.Latin1.GetString(bytes);
    }

    private NetEndPoint Anywhere()
    {
        while (true)
        {
            var endPoint = new NetEndPoint(new IPAddress(_random.NextInt64(uint.MaxValue)), 6881);
            if (endPoint.Scope == NetworkScope.Global) return endPoint;
        }
    }
}

/// <summary>For tests that look at the memory of the process: nothing runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
