using System.Net;
using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>
/// Receives and sends with nothing but the framework, one at a time. It cannot choose from which address of ours a datagram leaves. One reader, and one loop that
/// sends.
/// </summary>
internal sealed class PlainDatagrams(Socket socket, IPEndPoint bound, bool isWildcard)
{
    private readonly NetEndPoint _bound = NetEndPoint.From(bound);
    private readonly IPEndPoint _anyone = new(isWildcard ? bound.Address : bound.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
    private readonly SocketAddress _from = bound.Serialize();
    private readonly SocketAddress _to = bound.Serialize();
    private readonly byte[] _buffer = new byte[DatagramBatch.MaxLength + 1]; // what fills it was longer still

    public async ValueTask ReceiveAsync(DatagramBatch batch, CancellationToken ct)
    {
        if (!isWildcard)
        {
            var length = await socket.ReceiveFromAsync(_buffer, SocketFlags.None, _from, ct);
            batch.TryAdd(_buffer.AsSpan(0, length), SocketAddressBytes.Read(_from.Buffer.Span, _bound.IsV6), _bound);
            return;
        }

        var told = await socket.ReceiveMessageFromAsync(_buffer, SocketFlags.None, _anyone, ct);
        var local = told.PacketInformation.Address is { } address ? new NetEndPoint(address, _bound.Port) : _bound;
        batch.TryAdd(_buffer.AsSpan(0, told.ReceivedBytes), NetEndPoint.From((IPEndPoint)told.RemoteEndPoint), local);
    }

    public void Send(DatagramBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            try
            {
                SocketAddressBytes.Write(batch.Remote(i), _to.Buffer.Span);
                socket.SendTo(batch[i], SocketFlags.None, _to);
            }
            catch (SocketException)
            {
                // No room in the socket's buffer, or no route: lost, as datagrams are.
            }
        }
    }
}
