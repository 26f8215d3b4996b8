using System.Net;
using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht.Sockets;
using Xunit;

namespace Shoal.Interop.Loopback;

public sealed class UdpDatagramSocketTests : IDisposable
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(20));
    private readonly DatagramBatch _batch = new(64);

    /// <summary>The way of this system, and the way of all.</summary>
    public static TheoryData<string, bool> Ways => new()
    {
        { "127.0.0.1", true },
        { "127.0.0.1", !OperatingSystem.IsLinux() },
        { "0.0.0.0", true },
        { "0.0.0.0", !OperatingSystem.IsLinux() },
        { "::1", true },
        { "::1", !OperatingSystem.IsLinux() },
        { "::", true },
        { "::", !OperatingSystem.IsLinux() },
    };

    [Theory]
    [MemberData(nameof(Ways), DisableDiscoveryEnumeration = true)]
    public async Task SaysWhoSentAndWhereTo(string address, bool isPlain)
    {
        using var socket = Bind(address, isPlain);
        using var peer = Peer(socket);

        peer.Send([1, 2, 3]);
        await socket.ReceiveAsync(_batch, _patience.Token);

        Assert.Equal(1, _batch.Count);
        Assert.Equal([1, 2, 3], _batch[0].ToArray());
        Assert.Equal(NetEndPoint.From((IPEndPoint)peer.LocalEndPoint!), _batch.Remote(0));
        Assert.Equal(NetEndPoint.From((IPEndPoint)peer.RemoteEndPoint!), _batch.Local(0));
    }

    [Theory]
    [MemberData(nameof(Ways), DisableDiscoveryEnumeration = true)]
    public async Task SendsBackInOrder(string address, bool isPlain)
    {
        using var socket = Bind(address, isPlain);
        using var peer = Peer(socket);
        const int Many = 150;
        var batch = new DatagramBatch(Many);
        for (var i = 0; i < Many; i++) batch.TryAdd(new byte[i], NetEndPoint.From((IPEndPoint)peer.LocalEndPoint!), NetEndPoint.From((IPEndPoint)peer.RemoteEndPoint!));

        socket.Send(batch);

        var buffer = new byte[DatagramBatch.MaxLength];
        for (var i = 0; i < Many; i++) Assert.Equal(i, await peer.ReceiveAsync(buffer, SocketFlags.None, _patience.Token));
    }

    [Theory]
    [MemberData(nameof(Ways), DisableDiscoveryEnumeration = true)]
    public async Task PassesOverDatagramsThatAreTooLong(string address, bool isPlain)
    {
        using var socket = Bind(address, isPlain);
        using var peer = Peer(socket);

        peer.Send(new byte[DatagramBatch.MaxLength + 1]);
        peer.Send(new byte[8000]);
        peer.Send(new byte[DatagramBatch.MaxLength]);
        await socket.ReceiveAsync(_batch, _patience.Token);

        Assert.Equal(1, _batch.Count);
        Assert.Equal(DatagramBatch.MaxLength, _batch[0].Length);
    }

    [Theory]
    [MemberData(nameof(Ways), DisableDiscoveryEnumeration = true)]
    public async Task GoesOn_WhenNobodyIsWhereItSent(string address, bool isPlain)
    {
        using var socket = Bind(address, isPlain);
        using var peer = Peer(socket);
        var gone = Peer(socket);
        var nobody = NetEndPoint.From((IPEndPoint)gone.LocalEndPoint!);
        gone.Dispose();
        _batch.TryAdd([1], nobody, default);
        _batch.TryAdd([2], nobody.WithPort(0), default); // refused at once
        _batch.TryAdd([3], nobody, default);
        _batch.TryAdd([4], NetEndPoint.From((IPEndPoint)peer.LocalEndPoint!), NetEndPoint.From((IPEndPoint)peer.RemoteEndPoint!));

        socket.Send(_batch);
        socket.Send(_batch);
        _batch.Clear();
        peer.Send([5]);
        await socket.ReceiveAsync(_batch, _patience.Token);

        var buffer = new byte[DatagramBatch.MaxLength];
        Assert.Equal([5], _batch[0].ToArray());
        Assert.Equal(1, await peer.ReceiveAsync(buffer, SocketFlags.None, _patience.Token));
        Assert.Equal(4, buffer[0]);
    }

    [Theory]
    [MemberData(nameof(Ways), DisableDiscoveryEnumeration = true)]
    public async Task LeavesForTheNextCall_WhatFindsNoRoom(string address, bool isPlain)
    {
        using var socket = Bind(address, isPlain);
        using var peer = Peer(socket);
        for (byte i = 0; i < 200; i++) peer.Send([i]);

        var received = new List<byte>();
        while (received.Count < 200)
        {
            var batch = new DatagramBatch(7);
            await socket.ReceiveAsync(batch, _patience.Token);
            for (var i = 0; i < batch.Count; i++) received.Add(batch[i][0]);
        }

        Assert.Equal(Enumerable.Range(0, 200).Select(i => (byte)i), received);
    }

    [Theory]
    [InlineData("0.0.0.0", "127.0.5.2", "127.0.5.1")]
    [InlineData("127.0.5.2", "127.0.5.2", "127.0.5.1")]
    [InlineData("::", "::1", "::1")]
    public async Task SendsFromAddressThatWasAsked(string bound, string asked, string asker)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux has all of 127.0.0.0/8, and lets us choose");
        using var socket = Bind(bound, isPlain: false);
        using var peer = new Socket(IPAddress.Parse(asker).AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        peer.Bind(new IPEndPoint(IPAddress.Parse(asker), 0));
        var node = new IPEndPoint(IPAddress.Parse(asked), socket.LocalEndPoint.Port);

        peer.SendTo([1], node);
        await socket.ReceiveAsync(_batch, _patience.Token);
        socket.Send(_batch);
        var answer = await peer.ReceiveFromAsync(new byte[16], SocketFlags.None, new IPEndPoint(node.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0), _patience.Token);

        Assert.Equal(NetEndPoint.From(node), _batch.Local(0));
        Assert.Equal(node, answer.RemoteEndPoint);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task StopsWaiting_WhenToldTo(bool isPlain)
    {
        using var socket = Bind("127.0.0.1", isPlain || !OperatingSystem.IsLinux());
        using var stop = new CancellationTokenSource();

        var waiting = socket.ReceiveAsync(_batch, stop.Token).AsTask();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    public void Dispose() => _patience.Dispose();

    private static UdpDatagramSocket Bind(string address, bool isPlain)
    {
        var parsed = IPAddress.Parse(address);
        Assert.SkipUnless(parsed.AddressFamily == AddressFamily.InterNetwork || Socket.OSSupportsIPv6, "no IPv6 here");
        return UdpDatagramSocket.Bind(new IPEndPoint(parsed, 0), isPlain);
    }

    /// <summary>Somebody on loopback who asks nobody else.</summary>
    private static Socket Peer(UdpDatagramSocket socket)
    {
        var loopback = socket.LocalEndPoint.IsV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        var peer = new Socket(loopback.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        peer.Connect(new IPEndPoint(loopback, socket.LocalEndPoint.Port));
        return peer;
    }
}
