using Shoal.Core;
using Shoal.Core.Bencode;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Krpc;

/// <summary>Encodes messages into whatever buffer <paramref name="output"/> writes to; keys in rising order throughout (BEP 5, 32, 42, 43).</summary>
internal readonly struct KrpcWriter(BencodeWriter output)
{
    /// <summary>"SH" and the version of our side of the protocol.</summary>
    private static ReadOnlySpan<byte> Version => "SH\0\u0001"u8;

    public void Ping(ReadOnlySpan<byte> transaction, NodeId self, bool readOnly)
    {
        BeginQuery(self);
        EndQuery("ping"u8, transaction, readOnly);
    }

    public void FindNode(ReadOnlySpan<byte> transaction, NodeId self, bool readOnly, Hash160 target, Want want)
    {
        BeginQuery(self);
        output.WriteString("target"u8);
        output.WriteString(target);
        WriteWant(want);
        EndQuery("find_node"u8, transaction, readOnly);
    }

    public void GetPeers(ReadOnlySpan<byte> transaction, NodeId self, bool readOnly, Hash160 infoHash, Want want)
    {
        BeginQuery(self);
        output.WriteString("info_hash"u8);
        output.WriteString(infoHash);
        WriteWant(want);
        EndQuery("get_peers"u8, transaction, readOnly);
    }

    /// <summary>Never with <c>implied_port</c>: our TCP port is not our UDP port.</summary>
    public void AnnouncePeer(ReadOnlySpan<byte> transaction, NodeId self, bool readOnly, Hash160 infoHash, int port, ReadOnlySpan<byte> token)
    {
        BeginQuery(self);
        output.WriteString("info_hash"u8);
        output.WriteString(infoHash);
        output.WriteString("port"u8);
        output.WriteInteger(port);
        output.WriteString("token"u8);
        output.WriteString(token);
        EndQuery("announce_peer"u8, transaction, readOnly);
    }

    /// <summary>Opens a response; its values follow, then <see cref="EndResponse"/>.</summary>
    public void BeginResponse(NodeId self, NetEndPoint asker)
    {
        output.BeginDictionary();
        output.WriteString("ip"u8);
        WriteCompact(asker);
        output.WriteString("r"u8);
        output.BeginDictionary();
        output.WriteString("id"u8);
        output.WriteString(self.Value);
    }

    public void Nodes(bool v6, ReadOnlySpan<Contact> contacts)
    {
        var length = Hash160.Length + (v6 ? NetEndPoint.CompactLengthV6 : NetEndPoint.CompactLengthV4);
        Span<byte> packed = stackalloc byte[RoutingTable.K * (Hash160.Length + NetEndPoint.CompactLengthV6)];
        for (var i = 0; i < contacts.Length; i++)
        {
            contacts[i].Id.Value.CopyTo(packed[(i * length)..]);
            contacts[i].EndPoint.WriteCompact(packed[(i * length + Hash160.Length)..]);
        }

        output.WriteString(v6 ? "nodes6"u8 : "nodes"u8);
        output.WriteString(packed[..(contacts.Length * length)]);
    }

    public void Token(ReadOnlySpan<byte> token)
    {
        output.WriteString("token"u8);
        output.WriteString(token);
    }

    public void Values(ReadOnlySpan<NetEndPoint> peers)
    {
        output.WriteString("values"u8);
        output.BeginList();
        foreach (var peer in peers) WriteCompact(peer);
        output.End();
    }

    public void EndResponse(ReadOnlySpan<byte> transaction)
    {
        output.End();
        EndMessage(transaction, "r"u8);
    }

    public void Error(ReadOnlySpan<byte> transaction, KrpcError code, ReadOnlySpan<byte> text)
    {
        output.BeginDictionary();
        output.WriteString("e"u8);
        output.BeginList();
        output.WriteInteger((int)code);
        output.WriteString(text);
        output.End();
        EndMessage(transaction, "e"u8);
    }

    private void BeginQuery(NodeId self)
    {
        output.BeginDictionary();
        output.WriteString("a"u8);
        output.BeginDictionary();
        output.WriteString("id"u8);
        output.WriteString(self.Value);
    }

    private void EndQuery(ReadOnlySpan<byte> verb, ReadOnlySpan<byte> transaction, bool readOnly)
    {
        output.End();
        output.WriteString("q"u8);
        output.WriteString(verb);
        if (readOnly)
        {
            output.WriteString("ro"u8);
            output.WriteInteger(1);
        }

        EndMessage(transaction, "q"u8);
    }

    private void EndMessage(ReadOnlySpan<byte> transaction, ReadOnlySpan<byte> type)
    {
        output.WriteString("t"u8);
        output.WriteString(transaction);
        output.WriteString("v"u8);
        output.WriteString(Version);
        output.WriteString("y"u8);
        output.WriteString(type);
        output.End();
    }

    private void WriteWant(Want want)
    {
        if (want == Want.None) return;

        output.WriteString("want"u8);
        output.BeginList();
        if ((want & Want.V4) != 0) output.WriteString("n4"u8);
        if ((want & Want.V6) != 0) output.WriteString("n6"u8);
        output.End();
    }

    private void WriteCompact(NetEndPoint endPoint)
    {
        Span<byte> compact = stackalloc byte[NetEndPoint.CompactLengthV6];
        endPoint.WriteCompact(compact);
        output.WriteString(compact[..endPoint.CompactLength]);
    }
}
