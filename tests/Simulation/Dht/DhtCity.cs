using System.Net;
using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Lookups;
using Shoal.Harness.Network;

namespace Shoal.Simulation.Dht;

/// <summary>Many cores on one virtual network: who is there, who comes and goes, and what they find.</summary>
internal sealed class DhtCity(int seed)
{
    private readonly Outbox _outbox = new();
    private readonly List<Resident> _residents = [];
    private int _addresses;

    public VirtualNetwork Network { get; } = new(seed);

    public IReadOnlyList<Resident> Residents => _residents;

    public Resident Settle(Resident? bootstrap = null, DhtNodeOptions? options = null)
    {
        var number = ++_addresses;
        var endPoint = new NetEndPoint(new IPAddress([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]), 8468);
        var random = new Random(Network.Random.Next());
        var node = new DhtNode(NodeId.Random(random), AddressFamily.InterNetwork, options ?? new DhtNodeOptions(), random, Network.Now);
        var resident = new Resident(node, endPoint);
        _residents.Add(resident);
        Network.Attach(endPoint, (datagram, from) => Do(resident, now => node.Handle(datagram.Span, from, endPoint, now, _outbox)));
        Do(resident, now =>
        {
            if (bootstrap is not null) node.AddSeed(bootstrap.EndPoint, configured: true, now, _outbox);
            node.Tick(now, _outbox);
        });
        return resident;
    }

    /// <summary>A network of so many, all of whom know only the first, joining over a while.</summary>
    public static DhtCity Of(int count, int seed, TimeSpan joining)
    {
        var city = new DhtCity(seed);
        var first = city.Settle();
        for (var i = 1; i < count; i++) city.Network.At(joining * i / count, () => city.Settle(first));
        city.Network.RunUntil(joining + TimeSpan.FromSeconds(30));
        return city;
    }

    public void Leave(Resident resident)
    {
        resident.IsGone = true;
        _residents.Remove(resident);
        Network.Detach(resident.EndPoint);
    }

    public void Announce(Resident resident, Hash160 key, int port) => Do(resident, now => resident.Node.Announce(key, port, now, _outbox));

    public Finding Find(Resident resident, Hash160 key)
    {
        var finding = new Finding();
        Do(resident, now =>
        {
            var number = resident.Node.Find(key, now, _outbox);
            resident.Findings.Add(number, finding);
        });
        return finding;
    }

    public Resident Anybody() => _residents[Network.Random.Next(_residents.Count)];

    private void Do(Resident resident, Action<TimeSpan> act)
    {
        if (resident.IsGone) return;

        act(Network.Now);
        for (var i = 0; i < _outbox.Count; i++) Network.Send(_outbox.Datagram(i), resident.EndPoint, _outbox.To(i));
        foreach (var told in _outbox.Events) resident.Take(told);
        _outbox.Clear();

        var next = resident.Node.NextTick(Network.Now);
        if (next >= resident.TickAt) return;

        resident.TickAt = next;
        Network.At(next, () =>
        {
            if (resident.TickAt != next) return;
            resident.TickAt = TimeSpan.MaxValue;
            Do(resident, now => resident.Node.Tick(now, _outbox));
        });
    }
}

internal sealed class Resident(DhtNode node, NetEndPoint endPoint)
{
    public DhtNode Node => node;

    public NetEndPoint EndPoint => endPoint;

    public bool IsGone { get; set; }

    public TimeSpan TickAt { get; set; } = TimeSpan.MaxValue;

    public Dictionary<int, Finding> Findings { get; } = [];

    public List<Announced> Announced { get; } = [];

    public void Take(DhtEvent told)
    {
        if (told is PeerFound found && Findings.TryGetValue(found.Task, out var finding)) finding.Peers.Add(found.Peer);
        else if (told is FindEnded ended && Findings.TryGetValue(ended.Task, out finding)) finding.Result = ended.Result;
        else if (told is Announced announced) Announced.Add(announced);
    }
}

internal sealed class Finding
{
    public List<FoundPeer> Peers { get; } = [];

    public FindResult? Result { get; set; }

    public bool Ended => Result is not null;
}
