using System.Net.Sockets;
using System.Threading.Channels;
using Shoal.Core;
using Shoal.Discovery.Sockets;

namespace Shoal.Harness.Network;

/// <summary>A multicast socket of a host with one interface, on a <see cref="VirtualLan"/>. It joins when it is first refreshed.</summary>
public sealed class VirtualMulticastSocket(VirtualLan lan, NetEndPoint local) : IMulticastSocket
{
    private readonly Channel<(ReadOnlyMemory<byte> Datagram, NetEndPoint From)> _arrived =
        Channel.CreateBounded<(ReadOnlyMemory<byte>, NetEndPoint)>(new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropWrite });

    private bool _isJoined;

    public AddressFamily Family => local.Family;

    /// <summary>Whether there is an interface to join on.</summary>
    public bool IsUp { get; set; } = true;

    public bool Refresh()
    {
        if (_isJoined == IsUp) return false;

        _isJoined = IsUp;
        if (IsUp) lan.Join(local, (datagram, from) => _arrived.Writer.TryWrite((datagram, from)));
        else lan.Leave(local);
        return IsUp;
    }

    public bool IsOnLink(NetEndPoint endPoint) => true;

    public int Send(ReadOnlySpan<byte> datagram)
    {
        if (!_isJoined) return 0;

        lan.Say(datagram, local);
        return 1;
    }

    public async ValueTask<HeardDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        while (true)
        {
            await _arrived.Reader.WaitToReadAsync(ct);
            if (!_arrived.Reader.TryRead(out var arrived) || arrived.Datagram.Length > buffer.Length) continue;

            arrived.Datagram.CopyTo(buffer);
            return new HeardDatagram(arrived.Datagram.Length, arrived.From);
        }
    }

    public void Dispose()
    {
        if (_isJoined) lan.Leave(local);
        _isJoined = false;
    }
}
