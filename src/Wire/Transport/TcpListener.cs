using System.Net;
using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Wire.Transport;

/// <summary>Takes TCP streams at one address and port.</summary>
public sealed class TcpListener : ITransportListener
{
    private const int Backlog = 512;

    private readonly Socket _socket;

    /// <exception cref="SocketException">The address is not this machine's, or the port is taken.</exception>
    public TcpListener(IPEndPoint endPoint)
    {
        _socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6) _socket.DualMode = false;
            _socket.Bind(endPoint);
            _socket.Listen(Backlog);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        LocalEndPoint = NetEndPoint.From((IPEndPoint)_socket.LocalEndPoint!);
    }

    public NetEndPoint LocalEndPoint { get; }

    public async ValueTask<ITransportConnection?> AcceptAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return new TcpConnection(await _socket.AcceptAsync(ct));
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.NotConnected)
            {
                // it was gone before it was taken
            }
            catch (SocketException e) when (e.SocketErrorCode != SocketError.OperationAborted && !ct.IsCancellationRequested)
            {
                throw new IOException("no connection can be taken now", e);
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException or SocketException)
            {
                return null;
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
