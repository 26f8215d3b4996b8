using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Shoal.DhtLoad;

/// <summary>One asker on a port of its own, with queries written once. It answers what the node asks of it, so that the node's table fills.</summary>
internal sealed class Source : IDisposable
{
    private const int Keys = 64;
    private const int TokenLength = 8;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _buffer = new byte[2048];
    private readonly string _id;
    private readonly int _window;
    private readonly byte[][] _queries;
    private int _next;
    private int _outstanding;

    public Source(IPEndPoint node, Settings settings, Random random)
    {
        _window = settings.Window;
        _id = Key(random);
        _socket.Bind(new IPEndPoint(node.Address, 0));
        _socket.Connect(node);
        var keys = new Random(2); // every source asks for the same ones
        _queries = settings.PingsAlone ? [Ping()] : [.. Enumerable.Range(0, Keys).Select(_ => Key(keys)).SelectMany(k => Mix(k, Key(random), Token(k)))];
        _socket.Blocking = false;
    }

    public long Sent { get; private set; }

    /// <summary>Responses alone: errors do not count.</summary>
    public long Answered { get; private set; }

    /// <summary>Asks until the window is full, or the socket's buffer is; how many it were.</summary>
    public int Fill()
    {
        for (var asked = 0; ; asked++)
        {
            if (_outstanding >= _window) return asked;

            _socket.Send(_queries[_next], SocketFlags.None, out var error);
            if (error != SocketError.Success) return asked;

            Sent++;
            _outstanding++;
            if (++_next == _queries.Length) _next = 0;
        }
    }

    /// <summary>Takes what has arrived; how much it was.</summary>
    public int Read()
    {
        for (var read = 0; ; read++)
        {
            var length = _socket.Receive(_buffer, SocketFlags.None, out var error);
            if (error != SocketError.Success) return read;

            Take(_buffer.AsSpan(0, length));
        }
    }

    public void GiveUp() => _outstanding = 0;

    public void Dispose() => _socket.Dispose();

    /// <summary>A busy table of swarms is asked for peers most of all.</summary>
    private IEnumerable<byte[]> Mix(string key, string target, string token) =>
    [
        Ping(), FindNode(target), GetPeers(key), FindNode(key), GetPeers(target), Announce(key, token), Ping(), GetPeers(key), FindNode(target), GetPeers(key),
    ];

    private void Take(ReadOnlySpan<byte> datagram)
    {
        if (datagram.EndsWith("1:y1:qe"u8))
        {
            var transaction = datagram[(datagram.LastIndexOf("1:t"u8) + 3)..^"1:y1:qe".Length];
            var version = transaction.IndexOf("1:v4:"u8);
            if (version >= 0) transaction = transaction[..version];
            _socket.Send(Bytes($"d1:rd2:id20:{_id}e1:t{Encoding.Latin1.GetString(transaction)}1:y1:re"));
            return;
        }

        _outstanding = Math.Max(0, _outstanding - 1); // it may have been given up
        if (datagram.EndsWith("1:y1:re"u8)) Answered++;
    }

    /// <summary>Asks for leave to announce; the node's own queries may come before its answer.</summary>
    private string Token(string key)
    {
        _socket.ReceiveTimeout = 2000;
        _socket.Send(GetPeers(key));
        while (true)
        {
            var answer = _buffer.AsSpan(0, _socket.Receive(_buffer));
            var at = answer.IndexOf("5:token8:"u8);
            if (at >= 0) return Encoding.Latin1.GetString(answer.Slice(at + "5:token8:".Length, TokenLength));
            Take(answer);
            _outstanding = 0;
        }
    }

    private byte[] Ping() => Bytes($"d1:ad2:id20:{_id}e1:q4:ping1:t2:aa1:y1:qe");

    private byte[] FindNode(string target) => Bytes($"d1:ad2:id20:{_id}6:target20:{target}e1:q9:find_node1:t2:bb1:y1:qe");

    private byte[] GetPeers(string key) => Bytes($"d1:ad2:id20:{_id}9:info_hash20:{key}e1:q9:get_peers1:t2:cc1:y1:qe");

    private byte[] Announce(string key, string token) =>
        Bytes($"d1:ad2:id20:{_id}12:implied_porti1e9:info_hash20:{key}4:porti1e5:token8:{token}e1:q13:announce_peer1:t2:dd1:y1:qe");

    private static string Key(Random random)
    {
        var bytes = new byte[20];
        random.NextBytes(bytes);
        return Encoding.Latin1.GetString(bytes);
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
