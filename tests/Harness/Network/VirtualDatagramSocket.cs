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

    public async ValueTask<ReceivedDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        while (true)
        {
            await _arrived.Reader.WaitToReadAsync(ct);
            if (!_arrived.Reader.TryRead(out var arrived) || arrived.Datagram.Length > buffer.Length) continue;

            arrived.Datagram.CopyTo(buffer);
            return new ReceivedDatagram(arrived.Datagram.Length, arrived.From, LocalEndPoint);
        }
    }

    public void Send(ReadOnlySpan<byte> datagram, NetEndPoint to, NetEndPoint via) => _network.Send(datagram, LocalEndPoint, to);

    public void Dispose() => _network.Detach(LocalEndPoint);
}
