using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Serving;

/// <summary>
/// Answers the queries of others (BEP 5, 32, 33, 42, 44, 51 and our <c>announce_peers</c>): contacts, peers, tokens, items, samples; and takes their announcements.
/// Everybody is a stranger: nothing is written without a token, and no answer is longer than <see cref="AnswerBounds"/> lets it be.
/// </summary>
internal sealed class Responder
{
    public const int TokenField = 7 + TokenIssuer.TokenLength + 2; // 5:token8:........

    private readonly AddressFamily _family;
    private readonly Func<Hash160, int> _ownPort;
    private readonly ContactLists _contacts;
    private readonly TokenIssuer _tokens;
    private readonly AnswerBounds _bounds;
    private readonly KeySamples _samples;
    private readonly ItemResponder _items;
    private readonly NetEndPoint[] _values = new NetEndPoint[KrpcWriter.MaxValues];
    private readonly byte[] _peerFilter = new byte[ScrapeFilter.Length];
    private readonly byte[] _seedFilter = new byte[ScrapeFilter.Length];
    private NodeId _self;

    /// <param name="self">Who we are.</param>
    /// <param name="family">Of our address.</param>
    /// <param name="table">Whom we know.</param>
    /// <param name="ownPort">Where we accept connections for a key that we announce ourselves; 0 for any other.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="random">Chance.</param>
    /// <param name="now">Now.</param>
    public Responder(NodeId self, AddressFamily family, RoutingTable table, Func<Hash160, int> ownPort, DhtNodeOptions options, Random random, TimeSpan now)
    {
        _self = self;
        _family = family;
        _ownPort = ownPort;
        _contacts = new ContactLists(family, table);
        _tokens = new TokenIssuer(random, now);
        _bounds = new AnswerBounds(options, random);
        Peers = new PeerStore(self.Value, options, random);
        Items = new ItemStore(self.Value, options, random);
        _samples = new KeySamples(Peers, random);
        _items = new ItemResponder(Items, _contacts, _tokens, _bounds);
    }

    public PeerStore Peers { get; }

    public ItemStore Items { get; }

    /// <summary>Who we are. It may change, and with it which keys we keep when there are too many.</summary>
    public NodeId Self
    {
        get => _self;
        set
        {
            _self = value;
            Peers.Self = value.Value;
            Items.Self = value.Value;
        }
    }

    /// <summary>Our table of this family.</summary>
    public RoutingTable Table
    {
        get => _contacts.Table;
        set => _contacts.Table = value;
    }

    /// <summary>Our table of the other family, for those who want its contacts.</summary>
    public RoutingTable? OtherTable
    {
        get => _contacts.OtherTable;
        set => _contacts.OtherTable = value;
    }

    /// <summary>An answer to a query of ours has come from there: whoever asks from that address may have long answers.</summary>
    public void Proven(NetEndPoint endPoint, TimeSpan now) => _bounds.Proven(endPoint, now);

    public void Tick(TimeSpan now)
    {
        _tokens.Tick(now);
        Peers.Tick(now);
        Items.Tick(now);
    }

    public void Answer(in KrpcMessage query, NetEndPoint from, NetEndPoint local, TimeSpan now, Outbox outbox)
    {
        var target = query.Target ?? query.InfoHash;
        switch (query.Verb)
        {
            case var _ when query.Id is null:
                Refuse(query, KrpcError.Protocol, "id missing or not 20 bytes"u8, from, outbox);
                break;
            case KrpcVerb.Ping:
                Confirm(query, from, outbox);
                break;
            case KrpcVerb.GetPeers or KrpcVerb.AnnouncePeer when query.InfoHash is null:
                Refuse(query, KrpcError.Protocol, "info_hash missing or not 20 bytes"u8, from, outbox);
                break;
            case KrpcVerb.GetPeers:
                AnswerGetPeers(query, query.InfoHash.Value, from, local, now, outbox);
                break;
            case KrpcVerb.AnnouncePeer:
                AnswerAnnounce(query, query.InfoHash.Value, from, now, outbox);
                break;
            case KrpcVerb.AnnouncePeers:
                AnswerAnnounces(query, from, now, outbox);
                break;
            case KrpcVerb.Put:
                _items.AnswerPut(query, Self, from, now, outbox);
                break;
            case KrpcVerb.FindNode or KrpcVerb.Get or KrpcVerb.SampleInfohashes when query.Target is null:
                Refuse(query, KrpcError.Protocol, "target missing or not 20 bytes"u8, from, outbox);
                break;
            case KrpcVerb.Get:
                _items.AnswerGet(query, query.Target.Value, Self, from, now, outbox);
                break;
            case KrpcVerb.SampleInfohashes:
                AnswerSample(query, query.Target.Value, from, now, outbox);
                break;
            case KrpcVerb.FindNode or KrpcVerb.Unknown when target is { } sought:
                AnswerFindNode(query, sought, from, now, outbox);
                break;
            default:
                Refuse(query, KrpcError.MethodUnknown, "method unknown"u8, from, outbox);
                break;
        }

        outbox.End(from, local);
    }

    private void AnswerFindNode(in KrpcMessage query, Hash160 target, NetEndPoint from, TimeSpan now, Outbox outbox)
    {
        _contacts.Gather(query.Want, target, from.Scope);
        var frame = KrpcWriter.ResponseLength(query.Transaction, from);
        _contacts.Fit(Limit(from, frame + _contacts.Length, now) - frame);

        outbox.Writer.BeginResponse(Self, from);
        _contacts.Write(outbox.Writer);
        outbox.Writer.EndResponse(query.Transaction);
    }

    private void AnswerGetPeers(in KrpcMessage query, Hash160 key, NetEndPoint from, NetEndPoint local, TimeSpan now, Outbox outbox)
    {
        const int FilterField = 6 + 4 + ScrapeFilter.Length; // 4:BFpe256:...
        const int ValuesField = 8 + 2; // 6:valuesl...e
        var isScraped = query.Scrape && Peers.TryScrape(key, from.Scope, now, _seedFilter, _peerFilter);
        var count = Values(key, from.Scope, local, query.NoSeed, now);
        _contacts.Gather(query.Want, key, from.Scope);

        var valueLength = KrpcWriter.StringLength(_family == AddressFamily.InterNetworkV6 ? NetEndPoint.CompactLengthV6 : NetEndPoint.CompactLengthV4);
        var length = KrpcWriter.ResponseLength(query.Transaction, from) + TokenField + (isScraped ? 2 * FilterField : 0);
        var limit = Limit(from, length + _contacts.Length + (count > 0 ? ValuesField + count * valueLength : 0), now);
        if (limit == AnswerBounds.Unproven && isScraped)
        {
            isScraped = false;
            length -= 2 * FilterField;
        }

        if (limit == AnswerBounds.Unproven || isScraped) _contacts.LeaveOne();
        _contacts.Fit(limit - length);
        count = Math.Clamp((limit - length - _contacts.Length - ValuesField) / valueLength, 0, count);

        Span<byte> token = stackalloc byte[TokenIssuer.TokenLength];
        _tokens.Issue(from, token);
        outbox.Writer.BeginResponse(Self, from, isScraped ? _peerFilter : default(ReadOnlySpan<byte>), isScraped ? _seedFilter : default(ReadOnlySpan<byte>));
        _contacts.Write(outbox.Writer);
        outbox.Writer.Token(token);
        if (count > 0) outbox.Writer.Values(_values.AsSpan(0, count));
        outbox.Writer.EndResponse(query.Transaction);
    }

    /// <summary>Ourselves, if we announced the key, and those who announced it to us.</summary>
    private int Values(Hash160 key, NetworkScope asker, NetEndPoint local, bool noSeeds, TimeSpan now)
    {
        var count = 0;
        if (_ownPort(key) is > 0 and var port && local.Family == _family && local.WithPort(port).IsUsableFrom(asker)) _values[count++] = local.WithPort(port);
        return count + Peers.Sample(key, asker, now, _values.AsSpan(count), noSeeds);
    }

    private void AnswerAnnounce(in KrpcMessage query, Hash160 key, NetEndPoint from, TimeSpan now, Outbox outbox)
    {
        var port = query.ImpliedPort ? from.Port : query.Port;
        if (port == 0) Refuse(query, KrpcError.Protocol, "port missing or out of range"u8, from, outbox);
        else if (!TakesToken(query, from, now)) Refuse(query, KrpcError.Protocol, "bad token"u8, from, outbox);
        else if (!Peers.TryAdd(key, from.WithPort(port), query.Seed, now)) Refuse(query, KrpcError.Server, "store is full"u8, from, outbox);
        else Confirm(query, from, outbox);
    }

    /// <summary>Our own extension (docs/decisions/0011-announce-peers.md).</summary>
    private void AnswerAnnounces(in KrpcMessage query, NetEndPoint from, TimeSpan now, Outbox outbox)
    {
        var count = query.InfoHashes.Length / Hash160.Length;
        if (count is 0 or > KrpcWriter.MaxKeys)
        {
            Refuse(query, KrpcError.Protocol, "info_hashes missing, or not 1 to 40 keys of 20 bytes"u8, from, outbox);
            return;
        }

        if (query.Port == 0 || !TakesToken(query, from, now))
        {
            Refuse(query, KrpcError.Protocol, query.Port == 0 ? "port missing or out of range"u8 : "bad token"u8, from, outbox);
            return;
        }

        Span<byte> accepted = stackalloc byte[(KrpcWriter.MaxKeys + 7) / 8];
        Span<byte> token = stackalloc byte[TokenIssuer.TokenLength];
        accepted.Clear();
        for (var i = 0; i < count; i++)
        {
            var key = new Hash160(query.InfoHashes.Slice(i * Hash160.Length, Hash160.Length));
            if (Peers.TryAdd(key, from.WithPort(query.Port), query.Seed, now)) accepted[i / 8] |= (byte)(0x80 >> (i % 8));
        }

        _tokens.Issue(from, token);
        outbox.Writer.BeginResponse(Self, from);
        outbox.Writer.String("ok"u8, accepted[..((count + 7) / 8)]);
        outbox.Writer.Token(token);
        outbox.Writer.EndResponse(query.Transaction);
    }

    private void AnswerSample(in KrpcMessage query, Hash160 target, NetEndPoint from, TimeSpan now, Outbox outbox)
    {
        const int NumbersLength = 10 + 7 + 5 + 12; // 8:intervali21600e3:numi2147483647e
        const int SamplesKeyLength = 9; // 7:samples
        var samples = _samples.Take(now, out var interval);
        _contacts.Gather(query.Want, target, from.Scope);

        var length = KrpcWriter.ResponseLength(query.Transaction, from) + NumbersLength + SamplesKeyLength;
        var limit = Limit(from, length + _contacts.Length + KrpcWriter.StringLength(samples.Length), now);
        if (limit == AnswerBounds.Unproven) _contacts.LeaveOne();
        _contacts.Fit(limit - length - KrpcWriter.StringLength(0));
        while (length + _contacts.Length + KrpcWriter.StringLength(samples.Length) > limit) samples = samples[..^Hash160.Length];

        outbox.Writer.BeginResponse(Self, from);
        outbox.Writer.Number("interval"u8, (long)Math.Ceiling(interval.TotalSeconds));
        _contacts.Write(outbox.Writer);
        outbox.Writer.Number("num"u8, Peers.Keys);
        outbox.Writer.String("samples"u8, samples);
        outbox.Writer.EndResponse(query.Transaction);
    }

    private bool TakesToken(in KrpcMessage query, NetEndPoint from, TimeSpan now)
    {
        if (!_tokens.Accepts(from, query.Token)) return false;

        _bounds.Proven(from, now);
        return true;
    }

    private int Limit(NetEndPoint asker, int wished, TimeSpan now) => _bounds.Allows(asker, wished, now) ? AnswerBounds.Any : AnswerBounds.Unproven;

    private void Confirm(in KrpcMessage query, NetEndPoint from, Outbox outbox)
    {
        outbox.Writer.BeginResponse(Self, from);
        outbox.Writer.EndResponse(query.Transaction);
    }

    private static void Refuse(in KrpcMessage query, KrpcError code, ReadOnlySpan<byte> why, NetEndPoint from, Outbox outbox) =>
        outbox.Writer.Error(query.Transaction, code, why, from);
}
