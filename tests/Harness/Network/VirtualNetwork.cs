using System.Buffers.Binary;
using System.Security.Cryptography;
using Shoal.Core;

namespace Shoal.Harness.Network;

/// <summary>
/// Datagrams in virtual time on one thread: latency, jitter (and so reordering), loss and partition, all from one seed. The same seed and the same
/// calls give the same trace, byte for byte; <see cref="TraceHash"/> shows it.
/// </summary>
public sealed class VirtualNetwork(int seed)
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _events = new();
    private readonly Dictionary<NetEndPoint, DatagramReceiver> _receivers = [];
    private readonly IncrementalHash _trace = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _order;

    public delegate void DatagramReceiver(ReadOnlyMemory<byte> datagram, NetEndPoint from);

    public int Seed => seed;

    public Random Random { get; } = new(seed);

    public TimeSpan Now { get; private set; }

    /// <summary>One way.</summary>
    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(25);

    /// <summary>The most that chance adds to the latency.</summary>
    public TimeSpan Jitter { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The share of datagrams lost, 0 to 1.</summary>
    public double Loss { get; set; }

    /// <summary>Which side of a cut somebody is on; between sides nothing passes. Null: no cut.</summary>
    public Func<NetEndPoint, int>? Partition { get; set; }

    public long Sent { get; private set; }

    public long Delivered { get; private set; }

    /// <summary>When something happens next; null if nothing ever will.</summary>
    public TimeSpan? Next => _events.TryPeek(out _, out var priority) ? priority.At : null;

    /// <summary>A hash over every datagram delivered so far, with time and endpoints.</summary>
    public string TraceHash => Convert.ToHexStringLower(_trace.GetCurrentHash());

    public void Attach(NetEndPoint endPoint, DatagramReceiver receiver) => _receivers.Add(endPoint, receiver);

    public void Detach(NetEndPoint endPoint) => _receivers.Remove(endPoint);

    public void Send(ReadOnlySpan<byte> datagram, NetEndPoint from, NetEndPoint to)
    {
        Sent++;
        if (Loss > 0 && Random.NextDouble() < Loss) return;
        if (Partition is { } side && side(from) != side(to)) return;

        var copy = datagram.ToArray();
        At(Now + Latency + Jitter * Random.NextDouble(), () => Deliver(copy, from, to));
    }

    /// <summary>Has something done at a time; what is due at the same time happens in the order in which it was asked for.</summary>
    public void At(TimeSpan time, Action action) => _events.Enqueue(action, (time > Now ? time : Now, _order++));

    /// <summary>Lets time pass until a moment.</summary>
    public void RunUntil(TimeSpan end)
    {
        while (_events.TryPeek(out var action, out var priority) && priority.At <= end)
        {
            _events.Dequeue();
            Now = priority.At;
            action();
        }

        Now = end;
    }

    public void RunFor(TimeSpan duration) => RunUntil(Now + duration);

    /// <summary>Lets time pass until a condition holds; false if it does not by then.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan atMost)
    {
        var end = Now + atMost;
        while (!condition())
        {
            if (Next is not { } next || next > end)
            {
                Now = end;
                return condition();
            }

            RunUntil(next);
        }

        return true;
    }

    private void Deliver(byte[] datagram, NetEndPoint from, NetEndPoint to)
    {
        if (!_receivers.TryGetValue(to, out var receiver)) return;

        Delivered++;
        Span<byte> head = stackalloc byte[sizeof(long) + 2 * NetEndPoint.CompactLengthV6];
        head.Clear();
        BinaryPrimitives.WriteInt64BigEndian(head, Now.Ticks);
        from.WriteCompact(head[sizeof(long)..]);
        to.WriteCompact(head[(sizeof(long) + NetEndPoint.CompactLengthV6)..]);
        _trace.AppendData(head);
        _trace.AppendData(datagram);
        receiver(datagram, from);
    }
}
