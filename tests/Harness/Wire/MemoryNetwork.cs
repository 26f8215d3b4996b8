using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Shoal.Core;
using Shoal.Wire.Transport;

namespace Shoal.Harness.Wire;

/// <summary>Streams between endpoints of one process.</summary>
public sealed class MemoryNetwork
{
    private readonly ConcurrentDictionary<NetEndPoint, Listener> _listeners = new();
    private int _lastPort = 40_000;

    public ITransportListener Listen(NetEndPoint endPoint) => _listeners[endPoint] = new Listener(this, endPoint);

    public ITransport TransportOf(IPAddress address) => new Transport(this, address);

    private sealed class Transport(MemoryNetwork network, IPAddress address) : ITransport
    {
        public async ValueTask<ITransportConnection> ConnectAsync(NetEndPoint endPoint, CancellationToken ct)
        {
            if (!network._listeners.TryGetValue(endPoint, out var listener)) throw new IOException($"nobody listens at {endPoint}");

            var (here, there) = MemoryConnection.Pair(new NetEndPoint(address, Interlocked.Increment(ref network._lastPort)), endPoint);
            await listener.Waiting.Writer.WriteAsync(there, ct);
            return here;
        }
    }

    private sealed class Listener(MemoryNetwork network, NetEndPoint endPoint) : ITransportListener
    {
        public Channel<ITransportConnection> Waiting { get; } = Channel.CreateBounded<ITransportConnection>(16);

        public NetEndPoint LocalEndPoint => endPoint;

        public async ValueTask<ITransportConnection?> AcceptAsync(CancellationToken ct)
        {
            try
            {
                return await Waiting.Reader.ReadAsync(ct);
            }
            catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
            {
                return null;
            }
        }

        public ValueTask DisposeAsync()
        {
            network._listeners.TryRemove(endPoint, out _);
            Waiting.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }
    }
}
