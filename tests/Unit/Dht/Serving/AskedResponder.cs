using System.Net;
using System.Net.Sockets;
using System.Text;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Krpc;
using Shoal.Dht.Routing;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

/// <summary>A responder that knows many contacts of both families, and what it says to whoever asks.</summary>
internal sealed class AskedResponder
{
    public static readonly NodeId Self = new(new Hash160("SSSSSSSSSSSSSSSSSSSS"u8));
    public static readonly NodeId AskerId = new(new Hash160("abcdefghij0123456789"u8));

    private readonly Outbox _outbox = new();
    private readonly NetEndPoint _local;

    public AskedResponder(AddressFamily family = AddressFamily.InterNetwork, DhtNodeOptions? options = null)
    {
        var isV6 = family == AddressFamily.InterNetworkV6;
        _local = Parse(isV6 ? "[2001:db8::1]:8468" : "9.9.9.9:8468");
        Responder = new Responder(Self, family, Table(isV6), static _ => 0, options ?? new DhtNodeOptions(), new Random(1), TimeSpan.Zero)
        {
            OtherTable = Table(!isV6),
        };
    }

    public Responder Responder { get; }

    public TimeSpan Now { get; set; } = TimeSpan.FromSeconds(1);

    public static NetEndPoint Parse(string text)
    {
        Assert.True(NetEndPoint.TryParse(text, out var endPoint));
        return endPoint;
    }

    /// <summary>The bytes of the answer.</summary>
    public byte[] Ask(NetEndPoint from, Action<KrpcWriter> write)
    {
        write(_outbox.Writer);
        _outbox.End(default);
        var query = _outbox.Datagram(0).ToArray();
        _outbox.Clear();
        return Ask(from, query);
    }

    public byte[] Ask(NetEndPoint from, byte[] query)
    {
        Assert.True(KrpcReader.TryRead(query, out var message));
        Responder.Answer(message, from, _local, Now, _outbox);
        var answer = _outbox.Datagram(0).ToArray();
        Assert.Equal((1, from), (_outbox.Count, _outbox.To(0)));
        _outbox.Clear();
        return answer;
    }

    /// <summary>The answer read again.</summary>
    public KrpcMessage Read(NetEndPoint from, Action<KrpcWriter> write) => Read(Ask(from, write));

    public static KrpcMessage Read(byte[] answer)
    {
        Assert.True(Shoal.Core.Bencode.BencodeValidator.TryMeasure(answer, out var length), Encoding.Latin1.GetString(answer));
        Assert.Equal(answer.Length, length);
        Assert.True(KrpcReader.TryRead(answer, out var message));
        return message;
    }

    public byte[] Token(NetEndPoint from) =>
        Read(from, w => w.GetPeers("tt"u8, AskerId, readOnly: false, default, Want.None)).Token.ToArray();

    public static int Count(CompactNodes nodes)
    {
        var count = 0;
        while (nodes.TryNext(out _, out _)) count++;
        return count;
    }

    public static int Count(CompactPeers peers)
    {
        var count = 0;
        while (peers.TryNext(out _)) count++;
        return count;
    }

    private static RoutingTable Table(bool isV6)
    {
        var table = new RoutingTable(Self);
        var random = new Random(5);
        for (var i = 0; i < 200; i++)
        {
            var address = new byte[isV6 ? 16 : 4];
            random.NextBytes(address);
            address[0] = isV6 ? (byte)0x20 : (byte)60;
            table.Answered(NodeId.Random(random), new NetEndPoint(new IPAddress(address), 6881), TimeSpan.Zero);
        }

        return table;
    }
}
