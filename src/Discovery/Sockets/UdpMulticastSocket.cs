using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Discovery.Local;

namespace Shoal.Discovery.Sockets;

/// <summary>
/// The real thing: one socket hears the group on port 6771, which the nodes of a machine share, and one for each address of ours speaks from it. Nothing goes
/// farther than the link (a time to live of 1): who is behind a router is no neighbour, and could not prove to be one. Trouble is for the log only.
/// </summary>
public sealed partial class UdpMulticastSocket : IMulticastSocket
{
    private readonly Socket _ear;
    private readonly IReadOnlyList<IPAddress> _listen;
    private readonly IPAddress _group;
    private readonly ILogger _logger;
    private readonly Dictionary<LocalLink, Socket> _mouths = [];
    private IReadOnlySet<int> _joined = new HashSet<int>();

    private UdpMulticastSocket(Socket ear, IReadOnlyList<IPAddress> listen, ILogger logger)
    {
        (_ear, _listen, _logger) = (ear, listen, logger);
        Family = ear.AddressFamily;
        _group = LocalGroup.Of(Family);
    }

    public AddressFamily Family { get; }

    /// <summary>One for each family of the addresses that are listened on; none for a family where they are all loopback, or that cannot be had.</summary>
    public static IReadOnlyList<UdpMulticastSocket> Open(IReadOnlyList<IPAddress> listen, ILogger logger)
    {
        var sockets = new List<UdpMulticastSocket>();
        foreach (var family in listen.GroupBy(a => a.AddressFamily))
        {
            if (family.All(IPAddress.IsLoopback)) continue;

            var ear = new Socket(family.Key, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                var isV6 = family.Key == AddressFamily.InterNetworkV6;
                if (isV6) ear.DualMode = false;
                ear.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                ear.Bind(new IPEndPoint(isV6 ? IPAddress.IPv6Any : IPAddress.Any, LocalGroup.Port));
                sockets.Add(new UdpMulticastSocket(ear, [.. family], logger));
            }
            catch (SocketException e)
            {
                ear.Dispose();
                LogNotOpened(logger, family.Key, e.Message);
            }
        }

        return sockets;
    }

    public bool Refresh()
    {
        var links = LocalLink.Find(Family, _listen);
        foreach (var gone in _mouths.Keys.Except(links).ToList()) Part(gone);
        var isMore = false;
        foreach (var link in links)
        {
            if (!_mouths.ContainsKey(link)) isMore |= TryJoin(link);
        }

        Volatile.Write(ref _joined, _mouths.Keys.Select(l => l.Index).ToHashSet());
        return isMore;
    }

    public bool IsOnLink(NetEndPoint endPoint) => _mouths.Keys.Any(l => l.Contains(endPoint));

    public int Send(ReadOnlySpan<byte> datagram)
    {
        var sent = 0;
        var to = new IPEndPoint(_group, LocalGroup.Port);
        foreach (var (link, mouth) in _mouths)
        {
            try
            {
                mouth.SendTo(datagram, SocketFlags.None, to);
                sent++;
            }
            catch (SocketException e)
            {
                LogNotSent(_logger, link.Address, e.Message);
            }
        }

        return sent;
    }

    public async ValueTask<HeardDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        var anyone = new IPEndPoint(Family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (true)
        {
            try
            {
                var heard = await _ear.ReceiveMessageFromAsync(buffer, SocketFlags.None, anyone, ct);
                if (heard.SocketFlags.HasFlag(SocketFlags.Truncated)) continue;

                // what was sent to this port alone, or to an interface that another program joined, is not for us
                var to = heard.PacketInformation;
                if (!_group.Equals(to.Address) || !Volatile.Read(ref _joined).Contains(to.Interface)) continue;

                return new HeardDatagram(heard.ReceivedBytes, NetEndPoint.From((IPEndPoint)heard.RemoteEndPoint));
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.MessageSize or SocketError.ConnectionReset or SocketError.NetworkDown)
            {
                // nothing to do with the next one
            }
        }
    }

    public void Dispose()
    {
        _ear.Dispose();
        foreach (var mouth in _mouths.Values) mouth.Dispose();
    }

    private bool TryJoin(LocalLink link)
    {
        var mouth = new Socket(Family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            mouth.Blocking = false;
            mouth.Bind(new IPEndPoint(link.Address, 0));
            var level = Family == AddressFamily.InterNetwork ? SocketOptionLevel.IP : SocketOptionLevel.IPv6;
            if (Family == AddressFamily.InterNetwork) mouth.SetSocketOption(level, SocketOptionName.MulticastInterface, link.Address.GetAddressBytes());
            else mouth.SetSocketOption(level, SocketOptionName.MulticastInterface, link.Index);
            mouth.SetSocketOption(level, SocketOptionName.MulticastTimeToLive, 1);
            mouth.SetSocketOption(level, SocketOptionName.MulticastLoopback, true); // for the other nodes of this machine
            SetMembership(link.Index, SocketOptionName.AddMembership);
            _mouths.Add(link, mouth);
            return true;
        }
        catch (SocketException e)
        {
            mouth.Dispose();
            LogNotJoined(_logger, link.Address, e.Message);
            return false;
        }
    }

    private void Part(LocalLink link)
    {
        _mouths.Remove(link, out var mouth);
        mouth?.Dispose();
        try
        {
            SetMembership(link.Index, SocketOptionName.DropMembership);
        }
        catch (SocketException)
        {
            // it went with its interface
        }
    }

    private void SetMembership(int index, SocketOptionName change)
    {
        if (Family == AddressFamily.InterNetwork) _ear.SetSocketOption(SocketOptionLevel.IP, change, new MulticastOption(_group, index));
        else _ear.SetSocketOption(SocketOptionLevel.IPv6, change, new IPv6MulticastOption(_group, index));
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "no local discovery over {Family}: {Reason}")]
    private static partial void LogNotOpened(ILogger logger, AddressFamily family, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "no local discovery from {Address}: {Reason}")]
    private static partial void LogNotJoined(ILogger logger, IPAddress address, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "not announced from {Address}: {Reason}")]
    private static partial void LogNotSent(ILogger logger, IPAddress address, string reason);
}
