using Shoal.Core;
using Shoal.Core.Bencode;

namespace Shoal.Dht.Krpc;

/// <summary>
/// Decodes datagrams (BEP 5, 32, 42, 43). Total: bytes that are no message answer false. Keys may come in any order, unknown ones are passed over,
/// and a known key whose value has the wrong form is as if absent.
/// </summary>
internal static class KrpcReader
{
    public const int MaxTransactionLength = 32;

    public static bool TryRead(ReadOnlySpan<byte> datagram, out KrpcMessage read)
    {
        read = default;
        KrpcMessage message = default;
        var reader = new BencodeReader(datagram);
        var hasType = false;
        if (!reader.TryEnterDictionary()) return false;

        while (reader.TryReadKey(out var key))
        {
            switch (key)
            {
                case [(byte)'t'] when reader.Peek() == BencodeType.String:
                    if (!reader.TryReadString(out message.Transaction)) return false;
                    break;
                case [(byte)'y'] when reader.Peek() == BencodeType.String:
                    if (!reader.TryReadString(out var type)) return false;
                    hasType = TryType(type, out message.Type);
                    break;
                case [(byte)'q'] when reader.Peek() == BencodeType.String:
                    if (!reader.TryReadString(out var verb)) return false;
                    message.Verb = Verb(verb);
                    break;
                case [(byte)'a'] or [(byte)'r'] when reader.Peek() == BencodeType.Dictionary:
                    if (!TryReadBody(ref reader, ref message)) return false;
                    break;
                case [(byte)'e'] when reader.Peek() == BencodeType.List:
                    if (!TryReadError(ref reader, ref message)) return false;
                    break;
                case [(byte)'r', (byte)'o'] when reader.Peek() == BencodeType.Integer:
                    if (!reader.TryReadInteger(out var readOnly)) return false;
                    message.ReadOnly = readOnly == 1;
                    break;
                case [(byte)'i', (byte)'p'] when reader.Peek() == BencodeType.String:
                    if (!reader.TryReadString(out var ip)) return false;
                    if (NetEndPoint.TryReadCompact(ip, out var external)) message.ExternalAddress = external;
                    break;
                default:
                    if (!reader.TrySkip()) return false;
                    break;
            }
        }

        read = message;
        return reader.TryLeave() && hasType && message.Transaction.Length is > 0 and <= MaxTransactionLength;
    }

    private static bool TryReadBody(scoped ref BencodeReader reader, scoped ref KrpcMessage message)
    {
        reader.TryEnterDictionary();
        while (reader.TryReadKey(out var key))
        {
            if (reader.Peek() == BencodeType.String)
            {
                if (!reader.TryReadString(out var value)) return false;

                if (key.SequenceEqual("id"u8)) message.Id = Hash(value) is { } id ? new NodeId(id) : null;
                else if (key.SequenceEqual("target"u8)) message.Target = Hash(value);
                else if (key.SequenceEqual("info_hash"u8)) message.InfoHash = Hash(value);
                else if (key.SequenceEqual("token"u8)) message.Token = value;
                else if (key.SequenceEqual("nodes"u8)) message.Nodes = new CompactNodes(value, NetEndPoint.CompactLengthV4);
                else if (key.SequenceEqual("nodes6"u8)) message.Nodes6 = new CompactNodes(value, NetEndPoint.CompactLengthV6);
            }
            else if (reader.Peek() == BencodeType.Integer)
            {
                if (!reader.TryReadInteger(out var number)) return false;

                if (key.SequenceEqual("port"u8)) message.Port = number is > 0 and <= ushort.MaxValue ? (int)number : 0;
                else if (key.SequenceEqual("implied_port"u8)) message.ImpliedPort = number != 0;
            }
            else
            {
                if (!reader.TryReadRaw(out var raw)) return false;

                if (key.SequenceEqual("values"u8)) message.Values = new CompactPeers(raw);
                else if (key.SequenceEqual("want"u8)) message.Want = ReadWant(raw);
            }
        }

        return reader.TryLeave();
    }

    private static bool TryReadError(scoped ref BencodeReader reader, scoped ref KrpcMessage message)
    {
        if (!reader.TryReadRaw(out var raw)) return false;

        var list = new BencodeReader(raw);
        if (list.TryEnterList() && list.TryReadInteger(out var code)) message.ErrorCode = code;
        return true;
    }

    private static Want ReadWant(ReadOnlySpan<byte> raw)
    {
        var want = Want.None;
        var list = new BencodeReader(raw);
        if (!list.TryEnterList()) return want;

        while (list.TryReadString(out var family))
        {
            if (family.SequenceEqual("n4"u8)) want |= Want.V4;
            else if (family.SequenceEqual("n6"u8)) want |= Want.V6;
        }

        return want;
    }

    private static bool TryType(ReadOnlySpan<byte> text, out KrpcType type)
    {
        type = text switch
        {
            [(byte)'r'] => KrpcType.Response,
            [(byte)'e'] => KrpcType.Error,
            _ => KrpcType.Query,
        };
        return text is [(byte)'q'] or [(byte)'r'] or [(byte)'e'];
    }

    private static KrpcVerb Verb(ReadOnlySpan<byte> text) =>
        text.SequenceEqual("ping"u8) ? KrpcVerb.Ping
        : text.SequenceEqual("find_node"u8) ? KrpcVerb.FindNode
        : text.SequenceEqual("get_peers"u8) ? KrpcVerb.GetPeers
        : text.SequenceEqual("announce_peer"u8) ? KrpcVerb.AnnouncePeer
        : KrpcVerb.Unknown;

    private static Hash160? Hash(ReadOnlySpan<byte> value) => value.Length == Hash160.Length ? new Hash160(value) : null;
}
