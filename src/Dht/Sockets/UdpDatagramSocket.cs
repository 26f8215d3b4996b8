using System.Net;
using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>The real thing: UDP over IPv4, or over IPv6 alone.</summary>
public sealed class UdpDatagramSocket : IDatagramSocket
{
    private const int BufferSize = 1024 * 1024;
    private const int IgnoreConnectionReset = unchecked((int)0x9800000C); // SIO_UDP_CONNRESET

    private readonly Socket _socket;
    private readonly IPEndPoint _anyone;
    private readonly SocketAddress _to;
    private readonly bool _isWildcard;

    private UdpDatagramSocket(Socket socket, IPEndPoint bound)
    {
        _socket = socket;
        _isWildcard = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any);
        _anyone = new IPEndPoint(bound.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        _to = _anyone.Serialize();
        LocalEndPoint = NetEndPoint.From(bound);
    }

    public NetEndPoint LocalEndPoint { get; }

    /// <summary>Binds, or throws <see cref="SocketException"/> where the port is taken or the address is not ours.</summary>
    public static UdpDatagramSocket Bind(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            if (OperatingSystem.IsWindows()) socket.IOControl(IgnoreConnectionReset, [0, 0, 0, 0], null);
            socket.Blocking = false;
            socket.ReceiveBufferSize = BufferSize;
            socket.SendBufferSize = BufferSize;
            socket.Bind(endPoint);
            return new UdpDatagramSocket(socket, (IPEndPoint)socket.LocalEndPoint!);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask<ReceivedDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                if (!_isWildcard)
                {
                    var plain = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, _anyone, ct);
                    return new ReceivedDatagram(plain.ReceivedBytes, NetEndPoint.From((IPEndPoint)plain.RemoteEndPoint), LocalEndPoint);
                }

                var told = await _socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, _anyone, ct);
                if (told.SocketFlags.HasFlag(SocketFlags.Truncated)) continue;

                var local = told.PacketInformation.Address is { } address ? new NetEndPoint(address, LocalEndPoint.Port) : LocalEndPoint;
                return new ReceivedDatagram(told.ReceivedBytes, NetEndPoint.From((IPEndPoint)told.RemoteEndPoint), local);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionRefused
                or SocketError.NetworkReset or SocketError.MessageSize or SocketError.HostUnreachable or SocketError.NetworkUnreachable)
            {
                // Somebody's ICMP answer, or a datagram larger than any message: nothing to do with the next one.
            }
        }
    }

    public void Send(ReadOnlySpan<byte> datagram, NetEndPoint to, NetEndPoint via)
    {
        try
        {
            Fill(to);
            if (_isWildcard && via.Port != 0 && OperatingSystem.IsLinux()) LinuxDatagrams.Send(_socket, datagram, _to.Buffer.Span[.._to.Size], via);
            else _socket.SendTo(datagram, SocketFlags.None, _to);
        }
        catch (SocketException)
        {
            // No room in the socket's buffer, or no route: lost, as datagrams are.
        }
        catch (ObjectDisposedException)
        {
            // Stopped meanwhile.
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Fill(NetEndPoint to)
    {
        var serialized = to.ToIPEndPoint().Serialize();
        serialized.Buffer.Span[..serialized.Size].CopyTo(_to.Buffer.Span);
    }
}
