using System.Net;
using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Wire.Transport;

/// <summary>TCP over the machine's own stack. Connections go out from the addresses that were given, if any are of the right family.</summary>
public sealed class TcpTransport(IReadOnlyList<IPAddress> localAddresses) : ITransport
{
    public async ValueTask<ITransportConnection> ConnectAsync(NetEndPoint endPoint, CancellationToken ct)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(endPoint.Family, SocketType.Stream, ProtocolType.Tcp);
            var local = localAddresses.FirstOrDefault(a => a.AddressFamily == endPoint.Family && !a.Equals(IPAddress.Any) && !a.Equals(IPAddress.IPv6Any));
            if (local is not null) socket.Bind(new IPEndPoint(local, 0));
            await socket.ConnectAsync(endPoint.ToIPEndPoint(), ct);
            return new TcpConnection(socket);
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw new IOException($"no connection to {endPoint}", e);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }
}
