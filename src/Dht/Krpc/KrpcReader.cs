using Shoal.Core;
using Shoal.Core.Bencode;

namespace Shoal.Dht.Krpc;

/// <summary>
/// Decodes datagrams (BEP 5, 32, 33, 42, 43, 44, 51). Total: bytes that are no message answer false. Keys may come in any order, unknown ones are passed over,
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
                    if (!KrpcBody.TryRead(ref reader, ref message)) return false;
                    break;
                case [(byte)'e'] when reader.Peek() == BencodeType.List:
                    if (!TryReadError(ref reader, ref message)) return false;
                    break;
                case [(byte)'v'] when reader.Peek() == BencodeType.String:
                    if (!reader.TryReadString(out message.Version)) return false;
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

    private static bool TryReadError(scoped ref BencodeReader reader, scoped ref KrpcMessage message)
    {
        if (!reader.TryReadRaw(out var raw)) return false;

        var list = new BencodeReader(raw);
        if (!list.TryEnterList() || !list.TryReadInteger(out var code)) return true;

        message.ErrorCode = code;
        if (list.TryReadString(out var text)) message.ErrorText = text;
        return true;
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
        : text.SequenceEqual("get"u8) ? KrpcVerb.Get
        : text.SequenceEqual("put"u8) ? KrpcVerb.Put
        : text.SequenceEqual("sample_infohashes"u8) ? KrpcVerb.SampleInfohashes
        : text.SequenceEqual("announce_peers"u8) ? KrpcVerb.AnnouncePeers
        : KrpcVerb.Unknown;
}
