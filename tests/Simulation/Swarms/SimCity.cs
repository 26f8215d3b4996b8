using System.Net;
using Shoal.Core;
using Shoal.Harness.Content;

namespace Shoal.Simulation.Swarms;

/// <summary>Nodes of one swarm, their links and their common clock: one thread, one queue of what happens when.</summary>
internal sealed class SimCity(SeededTorrent torrent, int seed)
{
    private readonly PriorityQueue<Action, (TimeSpan, long)> _queue = new();
    private readonly Dictionary<NetEndPoint, SimNode> _nodes = [];
    private readonly Random _random = new(seed);
    private long _order;
    private ulong _trace = 14695981039346656037;

    public SeededTorrent Torrent { get; } = torrent;

    public TimeSpan Now { get; private set; }

    public long Events { get; private set; }

    /// <summary>Follows from everything that happened, in its order.</summary>
    public ulong Trace => _trace;

    public IReadOnlyCollection<SimNode> Nodes => _nodes.Values;

    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(20);

    public SimNode Add(bool isSeed, double up, double down, SimBehaviour behaviour = SimBehaviour.Honest, bool knowsLayers = true, long memory = 16 << 20)
    {
        var endPoint = new NetEndPoint(new IPAddress([10, 0, (byte)(_nodes.Count >> 8), (byte)_nodes.Count]), 9000);
        var node = new SimNode(this, endPoint, isSeed, up, down, behaviour, knowsLayers, memory, new Random(_random.Next()));
        _nodes[endPoint] = node;
        return node;
    }

    public SimNode? Find(NetEndPoint endPoint) => _nodes.TryGetValue(endPoint, out var node) && !node.IsGone ? node : null;

    /// <summary>Tells every node of every other.</summary>
    public void Introduce()
    {
        var all = _nodes.Keys.ToList();
        foreach (var node in _nodes.Values) node.Start([.. all.Where(e => e != node.EndPoint)]);
    }

    /// <summary>Tells every node of some others.</summary>
    public void Introduce(int acquaintances)
    {
        var all = _nodes.Keys.ToArray();
        foreach (var node in _nodes.Values) node.Start([.. _random.GetItems(all, acquaintances).Distinct().Where(e => e != node.EndPoint)]);
    }

    public void At(TimeSpan when, Action action) => _queue.Enqueue(action, (when, _order++));

    public void After(TimeSpan delay, Action action) => At(Now + delay, action);

    public bool RunUntil(Func<bool> isDone, TimeSpan limit)
    {
        while (!isDone())
        {
            if (!_queue.TryDequeue(out var action, out var when) || when.Item1 > limit) return false;

            Now = when.Item1;
            Events++;
            action();
        }

        return true;
    }

    public void Note(int who, int what, int detail)
    {
        foreach (var value in (ReadOnlySpan<long>)[Now.Ticks, who, what, detail]) _trace = (_trace ^ (ulong)value) * 1099511628211;
    }
}
