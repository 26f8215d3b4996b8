using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht.Announcing;
using Shoal.Dht.Krpc;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Serving;

/// <summary>Answers queries of others (BEP 5, 32): contacts, peers, tokens, and takes their announcements.</summary>
internal sealed class Responder(NodeId self, AddressFamily family, RoutingTable table, PeerStore store, TokenIssuer tokens, Announcer own)
{
    /// <summary>No answer is larger (BEP 32).</summary>
    public const int MaxDatagram = 1024;

    private const int MaxValues = 100;

    private readonly Contact[] _closest = new Contact[RoutingTable.K];
    private readonly NetEndPoint[] _peers = new NetEndPoint[MaxValues];

    /// <summary>Our table of the other family, for those who want its contacts.</summary>
    public RoutingTable? OtherTable { get; set; }

    public void Answer(in KrpcMessage query, NetEndPoint from, NetEndPoint local, TimeSpan now, Outbox outbox)
    {
        var target = query.Target ?? query.InfoHash;
        switch (query.Verb)
        {
            case var _ when query.Id is null:
                Refuse(query, KrpcError.Protocol, "id missing or not 20 bytes"u8, outbox);
                break;
            case KrpcVerb.Ping:
                outbox.Writer.BeginResponse(self, from);
                outbox.Writer.EndResponse(query.Transaction);
                break;
            case KrpcVerb.FindNode or KrpcVerb.Get or KrpcVerb.SampleInfohashes or KrpcVerb.Unknown when target is { } sought:
                outbox.Writer.BeginResponse(self, from);
                WriteNodes(query.Want, sought, from.Scope, outbox);
                outbox.Writer.EndResponse(query.Transaction);
                break;
            case KrpcVerb.FindNode:
                Refuse(query, KrpcError.Protocol, "target missing or not 20 bytes"u8, outbox);
                break;
            case KrpcVerb.GetPeers or KrpcVerb.AnnouncePeer when query.InfoHash is null:
                Refuse(query, KrpcError.Protocol, "info_hash missing or not 20 bytes"u8, outbox);
                break;
            case KrpcVerb.GetPeers:
                AnswerGetPeers(query, query.InfoHash.Value, from, local, now, outbox);
                break;
            case KrpcVerb.AnnouncePeer:
                AnswerAnnounce(query, query.InfoHash.Value, from, now, outbox);
                break;
            default:
                Refuse(query, KrpcError.MethodUnknown, "method unknown"u8, outbox);
                break;
        }

        outbox.End(from, local);
    }

    private void AnswerGetPeers(in KrpcMessage query, Hash160 key, NetEndPoint from, NetEndPoint local, TimeSpan now, Outbox outbox)
    {
        Span<byte> token = stackalloc byte[TokenIssuer.TokenLength];
        tokens.Issue(from, token);

        outbox.Writer.BeginResponse(self, from);
        WriteNodes(query.Want, key, from.Scope, outbox);
        outbox.Writer.Token(token);

        const int FrameLength = 64;
        var entryLength = family == AddressFamily.InterNetworkV6 ? NetEndPoint.CompactLengthV6 + 3 : NetEndPoint.CompactLengthV4 + 2;
        var room = Math.Min(_peers.Length, (MaxDatagram - outbox.Written - query.Transaction.Length - FrameLength) / entryLength);
        var count = 0;
        if (own.TryGetPort(key, out var port) && local.Family == family && local.WithPort(port).IsUsableFrom(from.Scope))
            _peers[count++] = local.WithPort(port);
        count += store.Sample(key, from.Scope, now, _peers.AsSpan(count, Math.Max(0, room - count)));
        if (count > 0) outbox.Writer.Values(_peers.AsSpan(0, count));

        outbox.Writer.EndResponse(query.Transaction);
    }

    private void AnswerAnnounce(in KrpcMessage query, Hash160 key, NetEndPoint from, TimeSpan now, Outbox outbox)
    {
        var port = query.ImpliedPort ? from.Port : query.Port;
        if (port == 0) Refuse(query, KrpcError.Protocol, "port missing or out of range"u8, outbox);
        else if (!tokens.Accepts(from, query.Token)) Refuse(query, KrpcError.Protocol, "bad token"u8, outbox);
        else if (!store.TryAdd(key, from.WithPort(port), now)) Refuse(query, KrpcError.Server, "store is full"u8, outbox);
        else
        {
            outbox.Writer.BeginResponse(self, from);
            outbox.Writer.EndResponse(query.Transaction);
        }
    }

    private void WriteNodes(Want want, Hash160 target, NetworkScope asker, Outbox outbox)
    {
        var isV6 = family == AddressFamily.InterNetworkV6;
        if (want == Want.None) want = isV6 ? Want.V6 : Want.V4;
        if ((want & Want.V4) != 0) WriteNodes(v6: false, isV6 ? OtherTable : table, target, asker, outbox);
        if ((want & Want.V6) != 0) WriteNodes(v6: true, isV6 ? table : OtherTable, target, asker, outbox);
    }

    private void WriteNodes(bool v6, RoutingTable? from, Hash160 target, NetworkScope asker, Outbox outbox)
    {
        var count = from?.Closest(target, _closest, asker) ?? 0;
        outbox.Writer.Nodes(v6, _closest.AsSpan(0, count));
    }

    private static void Refuse(in KrpcMessage query, KrpcError code, ReadOnlySpan<byte> why, Outbox outbox) =>
        outbox.Writer.Error(query.Transaction, code, why);
}
