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

    /// <summary>As many peers as an answer names; fewer fit if it names contacts too.</summary>
    public const int MaxValues = 100;

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
        if (sequence is { } known) Number("seq"u8, known);
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
        if (cas is { } expected && item.IsMutable) Number("cas"u8, expected);
        output.WriteString("id"u8);
        output.WriteString(self.Value);
        if (item.IsMutable)
        {
            String("k"u8, item.PublicKey.Span);
            if (!item.Salt.IsEmpty) String("salt"u8, item.Salt.Span);
            Number("seq"u8, item.Sequence);
            String("sig"u8, item.Signature.Span);
        }

        Token(token);
        Raw("v"u8, item.Value.Span);
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
    /// <param name="self">Our own ID.</param>
    /// <param name="asker">Whoever asked is told its endpoint (BEP 42); default leaves it out.</param>
    /// <param name="peerFilter">Empty unless scraped (BEP 33).</param>
    /// <param name="seedFilter">Empty unless scraped (BEP 33).</param>
    public void BeginResponse(NodeId self, NetEndPoint asker, ReadOnlySpan<byte> peerFilter = default, ReadOnlySpan<byte> seedFilter = default)
    {
        output.BeginDictionary();
        WriteAsker(asker);
        output.WriteString("r"u8);
        output.BeginDictionary();
        if (!peerFilter.IsEmpty) String("BFpe"u8, peerFilter);
        if (!seedFilter.IsEmpty) String("BFsd"u8, seedFilter);
        output.WriteString("id"u8);
        output.WriteString(self.Value);
    }

    /// <summary>How long a response is that says nothing but who we are.</summary>
    public static int ResponseLength(ReadOnlySpan<byte> transaction, NetEndPoint asker) =>
        "d1:rd2:id20:e1:t1:v4:1:y1:re"u8.Length + AskerLength(asker) + Hash160.Length + StringLength(transaction.Length) + Version.Length;

    /// <summary>How long it is in a response to tell whoever asked its endpoint.</summary>
    public static int AskerLength(NetEndPoint asker) => "2:ip"u8.Length + StringLength(asker.CompactLength);

    /// <summary>How long a string is when bencoded.</summary>
    public static int StringLength(int length) => (length < 10 ? 2 : length < 100 ? 3 : length < 1000 ? 4 : 5) + length;

    public void Number(ReadOnlySpan<byte> key, long value)
    {
        output.WriteString(key);
        output.WriteInteger(value);
    }

    public void String(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        output.WriteString(key);
        output.WriteString(value);
    }

    /// <summary>A value that is bencoded already.</summary>
    public void Raw(ReadOnlySpan<byte> key, ReadOnlySpan<byte> encoded)
    {
        output.WriteString(key);
        output.WriteRaw(encoded);
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

    public void Token(ReadOnlySpan<byte> token) => String("token"u8, token);

    /// <param name="peers">At most <see cref="MaxValues"/>.</param>
    public void Values(ReadOnlySpan<NetEndPoint> peers)
    {
        Span<byte> packed = stackalloc byte[MaxValues * (3 + NetEndPoint.CompactLengthV6)];
        var length = 0;
        foreach (var peer in peers)
        {
            var prefix = peer.IsV6 ? "18:"u8 : "6:"u8;
            prefix.CopyTo(packed[length..]);
            peer.WriteCompact(packed[(length + prefix.Length)..]);
            length += prefix.Length + peer.CompactLength;
        }

        output.WriteString("values"u8);
        output.BeginList();
        output.WriteRaw(packed[..length]);
        output.End();
    }

    public void EndResponse(ReadOnlySpan<byte> transaction)
    {
        output.End();
        EndMessage(transaction, "r"u8);
    }

    /// <param name="transaction">Whose query fails.</param>
    /// <param name="code">Why, for programs.</param>
    /// <param name="text">Why, for people.</param>
    /// <param name="asker">Whoever asked is told its endpoint (BEP 42); default leaves it out.</param>
    public void Error(ReadOnlySpan<byte> transaction, KrpcError code, ReadOnlySpan<byte> text, NetEndPoint asker = default)
    {
        output.BeginDictionary();
        output.WriteString("e"u8);
        output.BeginList();
        output.WriteInteger((int)code);
        output.WriteString(text);
        output.End();
        WriteAsker(asker);
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
        Number("port"u8, port);
        WriteFlag("seed"u8, seed);
        Token(token);
        EndQuery(verb, transaction, readOnly);
    }

    private void WriteFlag(ReadOnlySpan<byte> key, bool isSet)
    {
        if (isSet) Number(key, 1);
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

    private void WriteAsker(NetEndPoint asker)
    {
        if (asker == default) return;

        output.WriteString("ip"u8);
        WriteCompact(asker);
    }

    private void WriteCompact(NetEndPoint endPoint)
    {
        Span<byte> compact = stackalloc byte[NetEndPoint.CompactLengthV6];
        endPoint.WriteCompact(compact);
        output.WriteString(compact[..endPoint.CompactLength]);
    }
}
