using System.Net;
using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Routing;
using Shoal.Harness.Network;

namespace Shoal.Simulation.Dht;

/// <summary>Many cores on one virtual network: who is there, who comes and goes, and what they find.</summary>
internal sealed class DhtCity(int seed)
{
    private const int Port = 8468;

    private static readonly DhtNodeOptions Small = new() { SourceSlots = 64 };

    private readonly Outbox _outbox = new();
    private readonly List<Resident> _residents = [];
    private readonly HashSet<uint> _ranges = [];
    private int _addresses;

    public VirtualNetwork Network { get; } = new(seed);

    public IReadOnlyList<Resident> Residents => _residents;

    /// <summary>Global addresses, each in a range of its own, with IDs that are valid there (BEP 42); else private ones.</summary>
    public bool IsGlobal { get; init; }

    /// <summary>Nodes of other programs: they know nothing of our extension, and bind tokens to their key.</summary>
    public bool IsPlain { get; set; }

    /// <summary>A network of so many, all of whom know only the first, joining over a while.</summary>
    public static DhtCity Of(int count, int seed, TimeSpan joining, bool global = false, bool plain = false)
    {
        var city = new DhtCity(seed) { IsGlobal = global, IsPlain = plain };
        city.Populate(count, joining);
        return city;
    }

    public void Populate(int count, TimeSpan joining)
    {
        var first = Settle();
        for (var i = 1; i < count; i++) Network.At(joining * i / count, () => Settle(first));
        Network.RunUntil(joining + TimeSpan.FromSeconds(30));
    }

    public Resident Settle(Resident? bootstrap = null, DhtNodeOptions? options = null) => Settle(bootstrap is null ? [] : [bootstrap.EndPoint], options);

    public Resident Settle(IReadOnlyList<NetEndPoint> seeds, DhtNodeOptions? options = null, NetEndPoint? at = null)
    {
        var endPoint = at ?? NewAddress();
        var random = new Random(Network.Random.Next());
        var node = new DhtNode(NodeIdRule.Create(endPoint, random), AddressFamily.InterNetwork, options ?? Small, random, Network.Now);
        var resident = new Resident(node, endPoint, IsPlain ? new PlainMask() : null);
        _residents.Add(resident);
        Network.Attach(endPoint, (datagram, from) => Receive(resident, datagram, from));
        Do(resident, now =>
        {
            foreach (var seed in seeds) node.AddSeed(seed, configured: true, now, _outbox);
            node.Tick(now, _outbox);
        });
        return resident;
    }

    /// <summary>An address that nobody has; a global one shares its range with nobody.</summary>
    public NetEndPoint NewAddress()
    {
        if (!IsGlobal)
        {
            var number = ++_addresses;
            return new NetEndPoint(new IPAddress([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]), Port);
        }

        while (true)
        {
            var range = (uint)Network.Random.NextInt64(1 << 24);
            var endPoint = new NetEndPoint(new IPAddress([(byte)(range >> 16), (byte)(range >> 8), (byte)range, (byte)(1 + Network.Random.Next(250))]), Port);
            if (endPoint.Scope == NetworkScope.Global && _ranges.Add(range)) return endPoint;
        }
    }

    public void Leave(Resident resident)
    {
        resident.IsGone = true;
        _residents.Remove(resident);
        Network.Detach(resident.EndPoint);
    }

    public void Announce(Resident resident, Hash160 key, int port) => Do(resident, now => resident.Node.Announce(key, port, now, _outbox));

    public void AnnounceMany(Resident resident, IEnumerable<Hash160> keys, int port) => Do(resident, now =>
    {
        foreach (var key in keys) resident.Node.Announcer.Add(key, port, isSeed: false, atOnce: false, now);
        resident.Node.Tick(now, _outbox);
    });

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

    /// <summary>Whoever is there for good: churn takes others.</summary>
    public Resident AnybodyOf(IReadOnlySet<Resident> staying) => staying.ElementAt(Network.Random.Next(staying.Count));

    /// <summary>Lets time pass while a share of the nodes goes and as many come, evenly over the time.</summary>
    public void Churn(double sharePerHour, TimeSpan duration, IReadOnlySet<Resident> staying, Action? eachMinute = null)
    {
        var changes = _residents.Count * sharePerHour / 60;
        for (var minute = 1; minute <= duration.TotalMinutes; minute++)
        {
            var minuteStart = Network.Now;
            var count = (int)(minute * changes) - (int)((minute - 1) * changes);
            for (var change = 0; change < count; change++)
            {
                Network.RunFor(TimeSpan.FromMinutes(1) / (count + 1));
                Leave(AnybodyBut(staying));
                Settle(AnybodyOf(staying));
            }

            Network.RunUntil(minuteStart + TimeSpan.FromMinutes(1));
            eachMinute?.Invoke();
        }
    }

    private Resident AnybodyBut(IReadOnlySet<Resident> staying)
    {
        Resident resident;
        do resident = Anybody();
        while (staying.Contains(resident));
        return resident;
    }

    private void Receive(Resident resident, ReadOnlyMemory<byte> datagram, NetEndPoint from)
    {
        if (resident.Mask is { } mask && !mask.TryUnmask(ref datagram, from, out var refusal))
        {
            Network.Send(refusal, resident.EndPoint, from);
            return;
        }

        Do(resident, now => resident.Node.Handle(datagram.Span, from, resident.EndPoint, now, _outbox));
    }

    private void Do(Resident resident, Action<TimeSpan> act)
    {
        if (resident.IsGone) return;

        act(Network.Now);
        for (var i = 0; i < _outbox.Count; i++)
        {
            var to = _outbox.To(i);
            if (resident.Mask is { } mask) Network.Send(mask.Mask(_outbox.Datagram(i), to), resident.EndPoint, to);
            else Network.Send(_outbox.Datagram(i), resident.EndPoint, to);
        }

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

internal sealed class Resident(DhtNode node, NetEndPoint endPoint, PlainMask? mask)
{
    public DhtNode Node => node;

    public NetEndPoint EndPoint => endPoint;

    public PlainMask? Mask => mask;

    public bool IsGone { get; set; }

    public TimeSpan TickAt { get; set; } = TimeSpan.MaxValue;

    public Dictionary<int, Finding> Findings { get; } = [];

    public List<Announced> Announced { get; } = [];

    public List<AnnouncementChecked> Checked { get; } = [];

    public void Take(DhtEvent told)
    {
        if (told is PeerFound found && Findings.TryGetValue(found.Task, out var finding)) finding.Peers.Add(found.Peer);
        else if (told is FindEnded ended && Findings.TryGetValue(ended.Task, out finding)) finding.Result = ended.Result;
        else if (told is Announced announced) Announced.Add(announced);
        else if (told is AnnouncementChecked looked) Checked.Add(looked);
    }
}

internal sealed class Finding
{
    public List<FoundPeer> Peers { get; } = [];

    public FindResult? Result { get; set; }

    public bool Ended => Result is not null;
}
