using System.Net;
using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Wire.Transport;

/// <summary>A TCP stream.</summary>
internal sealed class TcpConnection : ITransportConnection
{
    private readonly Socket _socket;

    public TcpConnection(Socket socket)
    {
        _socket = socket;
        socket.NoDelay = true;
        LocalEndPoint = NetEndPoint.From((IPEndPoint)socket.LocalEndPoint!);
        RemoteEndPoint = NetEndPoint.From((IPEndPoint)socket.RemoteEndPoint!);
    }

    public NetEndPoint LocalEndPoint { get; }

    public NetEndPoint RemoteEndPoint { get; }

    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        try
        {
            return await _socket.ReceiveAsync(buffer, SocketFlags.None, ct);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException("the connection broke", e);
        }
    }

    public async ValueTask SendAsync(IList<ArraySegment<byte>> buffers, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            if (buffers.Count == 1)
            {
                for (ReadOnlyMemory<byte> rest = buffers[0]; rest.Length > 0;)
                {
                    rest = rest[await _socket.SendAsync(rest, SocketFlags.None, ct)..];
                }
            }
            else
            {
                await _socket.SendAsync(buffers, SocketFlags.None);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException("the connection broke", e);
        }
    }

    public ValueTask DisposeAsync()
    {
        try
        {
            if (_socket.Connected) _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the other side was faster
        }

        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
