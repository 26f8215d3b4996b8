using Shoal.Core;
using Shoal.Core.Bencode;
using Shoal.Dht.Items;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Krpc;

/// <summary>Encodes messages into whatever buffer <paramref name="output"/> writes to; keys in rising order throughout (BEP 5, 32, 33, 42, 43, 44, 51).</summary>
internal readonly struct KrpcWriter(BencodeWriter output)
{
    /// <summary>As many keys as <c>announce_peers</c> may name, so that it stays within 1,024 bytes.</summary>
    public const int MaxKeys = 40;

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

    /// <param name="transaction">Comes back with the answer.</param>
    /// <param name="self">Our own ID.</param>
    /// <param name="readOnly">Whether we answer nobody (BEP 43).</param>
    /// <param name="infoHash">The key.</param>
    /// <param name="want">Families of contacts, none for that of the datagram.</param>
    /// <param name="scrape">Whether to ask for filters (BEP 33).</param>
    /// <param name="noSeed">Whether those who have everything are of no use to us (BEP 33).</param>
    public void GetPeers(
        ReadOnlySpan<byte> transaction, NodeId self, bool readOnly, Hash160 infoHash, Want want, bool scrape = false, bool noSeed = false)
    {
        BeginQuery(self);
        output.WriteString("info_hash"u8);
        output.WriteString(infoHash);
        WriteFlag("noseed"u8, noSeed);
        WriteFlag("scrape"u8, scrape);
        WriteWant(want);
        EndQuery("get_peers"u8, transaction, readOnly);
    }

    /// <summary>Never with <c>implied_port</c>: our TCP port is not our UDP port.</summary>
    public void AnnouncePeer(
        ReadOnlySpan<byte> transaction, NodeId self, bool readOnly, Hash160 infoHash, int port, ReadOnlySpan<byte> token, bool seed = false)
    {
        BeginQuery(self);
        output.WriteString("info_hash"u8);
        output.WriteString(infoHash);
        EndAnnounce("announce_peer"u8, transaction, readOnly, port, token, seed);
    }

    /// <summary>Many keys with one token, to our own kind only; at most <see cref="MaxKeys"/>.</summary>
    public void AnnouncePeers(
        ReadOnlySpan<byte> transaction, NodeId self, bool readOnly, ReadOnlySpan<Hash160> keys, int port, ReadOnlySpan<byte> token, bool seed = false)
    {
        Span<byte> packed = stackalloc byte[MaxKeys * Hash160.Length];
        for (var i = 0; i < keys.Length; i++) keys[i].CopyTo(packed[(i * Hash160.Length)..]);

        BeginQuery(self);
        output.WriteString("info_hashes"u8);
        output.WriteString(packed[..(keys.Length * Hash160.Length)]);
        EndAnnounce("announce_peers"u8, transaction, readOnly, port, token, seed);
    }

    /// <summary>Asks for an item, unless what is stored has no higher number than <paramref name="sequence"/> (BEP 44).</summary>
    public void Get(ReadOnlySpan<byte> transaction, NodeId self, bool readOnly, Hash160 target, long? sequence, Want want)
    {
        BeginQuery(self);
        if (sequence is { } known) WriteNumber("seq"u8, known);
        output.WriteString("target"u8);
        output.WriteString(target);
        WriteWant(want);
        EndQuery("get"u8, transaction, readOnly);
    }

    /// <summary>Stores an item, if it is mutable only over the number <paramref name="cas"/> or over nothing (BEP 44).</summary>
    public void Put(ReadOnlySpan<byte> transaction, NodeId self, bool readOnly, DhtItem item, ReadOnlySpan<byte> token, long? cas)
    {
        output.BeginDictionary();
        output.WriteString("a"u8);
        output.BeginDictionary();
        if (cas is { } expected && item.IsMutable) WriteNumber("cas"u8, expected);
        output.WriteString("id"u8);
        output.WriteString(self.Value);
        if (item.IsMutable)
        {
            output.WriteString("k"u8);
            output.WriteString(item.PublicKey.Span);
            if (!item.Salt.IsEmpty)
            {
                output.WriteString("salt"u8);
                output.WriteString(item.Salt.Span);
            }

            WriteNumber("seq"u8, item.Sequence);
            output.WriteString("sig"u8);
            output.WriteString(item.Signature.Span);
        }

        Token(token);
        output.WriteString("v"u8);
        output.WriteRaw(item.Value.Span);
        EndQuery("put"u8, transaction, readOnly);
    }

    /// <summary>BEP 51.</summary>
    public void SampleInfohashes(ReadOnlySpan<byte> transaction, NodeId self, bool readOnly, Hash160 target, Want want)
    {
        BeginQuery(self);
        output.WriteString("target"u8);
        output.WriteString(target);
        WriteWant(want);
        EndQuery("sample_infohashes"u8, transaction, readOnly);
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
        WriteFlag("ro"u8, readOnly);
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

    private void EndAnnounce(ReadOnlySpan<byte> verb, ReadOnlySpan<byte> transaction, bool readOnly, int port, ReadOnlySpan<byte> token, bool seed)
    {
        WriteNumber("port"u8, port);
        WriteFlag("seed"u8, seed);
        Token(token);
        EndQuery(verb, transaction, readOnly);
    }

    private void WriteNumber(ReadOnlySpan<byte> key, long number)
    {
        output.WriteString(key);
        output.WriteInteger(number);
    }

    private void WriteFlag(ReadOnlySpan<byte> key, bool isSet)
    {
        if (isSet) WriteNumber(key, 1);
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
