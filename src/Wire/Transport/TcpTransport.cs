using System.Net;
using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Wire.Transport;

/// <summary>TCP over the machine's own stack. If addresses were given, connections go out from them alone, and to no family of which there is none.</summary>
public sealed class TcpTransport(IReadOnlyList<IPAddress> localAddresses) : ITransport
{
    public async ValueTask<ITransportConnection> ConnectAsync(NetEndPoint endPoint, CancellationToken ct)
    {
        Socket? socket = null;
        try
        {
            var local = localAddresses.FirstOrDefault(a => a.AddressFamily == endPoint.Family);
            if (local is null && localAddresses.Count > 0) throw new IOException($"no address to go out from to {endPoint}");

            socket = new Socket(endPoint.Family, SocketType.Stream, ProtocolType.Tcp);
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
