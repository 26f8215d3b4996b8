using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Shoal.Core;

namespace Shoal.Harness.Trackers;

/// <summary>A small UDP tracker on loopback (BEP 15, BEP 41). It knows the layout of datagrams on its own, so that it does not repeat our mistakes.</summary>
public sealed class UdpTestTracker : IAsyncDisposable
{
    private const ulong Magic = 0x41727101980;
    private static readonly string[] Words = ["", "completed", "started", "stopped"];

    private readonly PeerBook _book = new();
    private readonly UdpClient _socket;
    private readonly HashSet<(ulong, IPEndPoint)> _connections = [];
    private readonly Task _running;
    private ulong _last = 0x1000;

    public UdpTestTracker(IPAddress? address = null)
    {
        _socket = new UdpClient(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        _running = RunAsync();
    }

    public string Url => $"udp://{_socket.Client.LocalEndPoint}/announce";

    public IReadOnlyList<SeenAnnounce> Seen => _book.Seen;

    public int Connects { get; private set; }

    /// <summary>Refuses every announce with these words; null to answer.</summary>
    public string? Refusal { get; set; }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _running;
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var got = await _socket.ReceiveAsync();
                if (Answer(got.Buffer, got.RemoteEndPoint) is { } answer) await _socket.SendAsync(answer, got.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // disposed
        }
    }

    private byte[]? Answer(byte[] datagram, IPEndPoint from)
    {
        if (datagram.Length < 16) return null;

        var connection = BinaryPrimitives.ReadUInt64BigEndian(datagram);
        var action = BinaryPrimitives.ReadInt32BigEndian(datagram.AsSpan(8));
        if (action == 0 && connection == Magic)
        {
            Connects++;
            _connections.Add((++_last, from));
            var id = new byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(id, _last);
            return Reply(0, datagram, id);
        }

        if (!_connections.Contains((connection, from))) return Reply(3, datagram, "unknown connection"u8);
        if (action == 1) return Refusal is { } refusal ? Reply(3, datagram, Encoding.UTF8.GetBytes(refusal)) : Announce(datagram, NetEndPoint.From(from));
        return action == 2 ? Scrape(datagram) : null;
    }

    private byte[] Announce(byte[] d, NetEndPoint from)
    {
        var torrent = new Hash160(d.AsSpan(16, 20));
        var peers = _book.Announce(new SeenAnnounce(
            torrent,
            from.WithPort(BinaryPrimitives.ReadUInt16BigEndian(d.AsSpan(96))),
            Words[BinaryPrimitives.ReadInt32BigEndian(d.AsSpan(80))],
            BinaryPrimitives.ReadInt64BigEndian(d.AsSpan(64)),
            BinaryPrimitives.ReadInt64BigEndian(d.AsSpan(72)),
            BinaryPrimitives.ReadInt64BigEndian(d.AsSpan(56)),
            BinaryPrimitives.ReadInt32BigEndian(d.AsSpan(92)),
            BinaryPrimitives.ReadUInt32BigEndian(d.AsSpan(88)).ToString("X8", CultureInfo.InvariantCulture),
            UrlData(d.AsSpan(98))));
        var (seeds, downloaders) = _book.Count(torrent);
        var body = new byte[12 + peers.Sum(p => p.CompactLength)];
        BinaryPrimitives.WriteInt32BigEndian(body, 1800);
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(4), downloaders);
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(8), seeds);
        for (var (i, at) = (0, 12); i < peers.Count; at += peers[i++].CompactLength) peers[i].WriteCompact(body.AsSpan(at));
        return Reply(1, d, body);
    }

    private byte[] Scrape(byte[] d)
    {
        var body = new byte[(d.Length - 16) / 20 * 12];
        for (var i = 0; i < body.Length / 12; i++)
        {
            var (seeds, downloaders) = _book.Count(new Hash160(d.AsSpan(16 + 20 * i, 20)));
            BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(12 * i), seeds);
            BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(12 * i + 8), downloaders);
        }

        return Reply(2, d, body);
    }

    private static string UrlData(ReadOnlySpan<byte> options)
    {
        var text = new StringBuilder();
        while (options.Length >= 2 && options[0] == 2)
        {
            text.Append(Encoding.ASCII.GetString(options.Slice(2, options[1])));
            options = options[(2 + options[1])..];
        }

        return text.ToString();
    }

    private static byte[] Reply(int action, byte[] request, ReadOnlySpan<byte> body)
    {
        var reply = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(reply, action);
        request.AsSpan(12, 4).CopyTo(reply.AsSpan(4));
        body.CopyTo(reply.AsSpan(8));
        return reply;
    }
}
