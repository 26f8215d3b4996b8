using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>
/// The real thing: UDP over IPv4, or over IPv6 alone. On Linux many datagrams pass with one system call; elsewhere, or when asked to be plain, one at a time by
/// way of the framework.
/// </summary>
public sealed class UdpDatagramSocket : IDatagramSocket
{
    private const int BufferSize = 1024 * 1024;
    private const int IgnoreConnectionReset = unchecked((int)0x9800000C); // SIO_UDP_CONNRESET

    private readonly Socket _socket;
    private readonly LinuxReceiver? _receiver;
    private readonly LinuxSender? _sender;
    private readonly PlainDatagrams? _plain;
    private readonly byte[] _peeked = new byte[1];

    private UdpDatagramSocket(Socket socket, IPEndPoint bound, bool isPlain)
    {
        _socket = socket;
        LocalEndPoint = NetEndPoint.From(bound);
        var isWildcard = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any);
        if (isPlain) _plain = new PlainDatagrams(socket, bound, isWildcard);
        else
        {
            if (isWildcard) socket.SetSocketOption(LocalEndPoint.IsV6 ? SocketOptionLevel.IPv6 : SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
            _receiver = new LinuxReceiver(socket, LocalEndPoint, isWildcard);
            _sender = new LinuxSender(socket, LocalEndPoint.IsV6, isWildcard);
        }
    }

    public NetEndPoint LocalEndPoint { get; }

    /// <summary>Binds, or throws <see cref="SocketException"/> where the port is taken or the address is not ours.</summary>
    public static UdpDatagramSocket Bind(IPEndPoint endPoint) => Bind(endPoint, isPlain: !OperatingSystem.IsLinux());

    internal static UdpDatagramSocket Bind(IPEndPoint endPoint, bool isPlain)
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
            return new UdpDatagramSocket(socket, (IPEndPoint)socket.LocalEndPoint!, isPlain);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReceiveAsync(DatagramBatch batch, CancellationToken ct)
    {
        while (batch.Count == 0)
        {
            try
            {
                if (_receiver is null) await _plain!.ReceiveAsync(batch, ct);
                else if (!_receiver.TryReceive(batch)) await _socket.ReceiveAsync(_peeked, SocketFlags.Peek, ct);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionRefused
                or SocketError.NetworkReset or SocketError.MessageSize or SocketError.HostUnreachable or SocketError.NetworkUnreachable)
            {
                // Somebody's ICMP answer, or a datagram larger than any message: nothing to do with the next one.
            }
        }
    }

    public void Send(DatagramBatch batch)
    {
        try
        {
            if (_sender is null) _plain!.Send(batch);
            else _sender.Send(batch);
        }
        catch (ObjectDisposedException)
        {
            // Stopped meanwhile.
        }
    }

    public void Dispose() => _socket.Dispose();
}
