using System.Threading.Channels;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Sockets;

namespace Shoal.Harness.Network;

/// <summary>A datagram socket on a <see cref="VirtualNetwork"/>.</summary>
public sealed class VirtualDatagramSocket : IDatagramSocket
{
    private readonly VirtualNetwork _network;
    private readonly Channel<(ReadOnlyMemory<byte> Datagram, NetEndPoint From)> _arrived =
        Channel.CreateBounded<(ReadOnlyMemory<byte>, NetEndPoint)>(new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropWrite });

    public VirtualDatagramSocket(VirtualNetwork network, NetEndPoint local)
    {
        _network = network;
        LocalEndPoint = local;
        network.Attach(local, (datagram, from) => _arrived.Writer.TryWrite((datagram, from)));
    }

    public NetEndPoint LocalEndPoint { get; }

    public async ValueTask ReceiveAsync(DatagramBatch batch, CancellationToken ct)
    {
        while (batch.Count == 0)
        {
            await _arrived.Reader.WaitToReadAsync(ct);
            while (batch.Room > 0 && _arrived.Reader.TryRead(out var arrived)) batch.TryAdd(arrived.Datagram.Span, arrived.From, LocalEndPoint);
        }
    }

    public void Send(DatagramBatch batch)
    {
        for (var i = 0; i < batch.Count; i++) _network.Send(batch[i], LocalEndPoint, batch.Remote(i));
    }

    public void Dispose() => _network.Detach(LocalEndPoint);
}
