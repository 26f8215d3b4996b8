using Shoal.Core;
using Shoal.Core.Bencode;
using Shoal.Dht.Items;
using Shoal.Dht.Serving;

namespace Shoal.Dht.Krpc;

/// <summary>Decodes what a query asks (<c>a</c>) or a response says (<c>r</c>).</summary>
internal static class KrpcBody
{
    public static bool TryRead(scoped ref BencodeReader reader, scoped ref KrpcMessage message)
    {
        reader.TryEnterDictionary();
        while (reader.TryReadKey(out var key))
        {
            // the value of an item is of any type, and what is hashed is its bencoded form
            if (key is [(byte)'v'])
            {
                if (!reader.TryReadRaw(out message.Value)) return false;
                continue;
            }

            switch (reader.Peek())
            {
                case BencodeType.String:
                    if (!reader.TryReadString(out var value)) return false;
                    TakeString(key, value, ref message);
                    break;
                case BencodeType.Integer:
                    if (!reader.TryReadInteger(out var number)) return false;
                    TakeInteger(key, number, ref message);
                    break;
                default:
                    if (!reader.TryReadRaw(out var raw)) return false;
                    if (key.SequenceEqual("values"u8)) message.Values = new CompactPeers(raw);
                    else if (key.SequenceEqual("want"u8)) message.Want = ReadWant(raw);
                    break;
            }
        }

        return reader.TryLeave();
    }

    private static void TakeString(scoped ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, scoped ref KrpcMessage message)
    {
        if (key.SequenceEqual("id"u8)) message.Id = Hash(value) is { } id ? new NodeId(id) : null;
        else if (key.SequenceEqual("info_hash"u8)) message.InfoHash = Hash(value);
        else if (key.SequenceEqual("target"u8)) message.Target = Hash(value);
        else if (key.SequenceEqual("token"u8)) message.Token = value;
        else if (key.SequenceEqual("nodes"u8)) message.Nodes = new CompactNodes(value, NetEndPoint.CompactLengthV4);
        else if (key.SequenceEqual("nodes6"u8)) message.Nodes6 = new CompactNodes(value, NetEndPoint.CompactLengthV6);
        else if (key.SequenceEqual("info_hashes"u8)) message.InfoHashes = WholeHashes(value);
        else if (key.SequenceEqual("ok"u8)) message.Accepted = value;
        else if (key.SequenceEqual("k"u8)) message.Key = OfLength(value, Ed25519.PublicKeyLength);
        else if (key.SequenceEqual("sig"u8)) message.Signature = OfLength(value, Ed25519.SignatureLength);
        else if (key.SequenceEqual("salt"u8)) message.Salt = value;
        else if (key.SequenceEqual("BFsd"u8)) message.SeedFilter = OfLength(value, ScrapeFilter.Length);
        else if (key.SequenceEqual("BFpe"u8)) message.PeerFilter = OfLength(value, ScrapeFilter.Length);
        else if (key.SequenceEqual("samples"u8))
        {
            message.HasSamples = true;
            message.Samples = WholeHashes(value);
        }
    }

    private static void TakeInteger(ReadOnlySpan<byte> key, long number, scoped ref KrpcMessage message)
    {
        if (key.SequenceEqual("port"u8)) message.Port = number is > 0 and <= ushort.MaxValue ? (int)number : 0;
        else if (key.SequenceEqual("implied_port"u8)) message.ImpliedPort = number != 0;
        else if (key.SequenceEqual("seed"u8)) message.Seed = number == 1;
        else if (key.SequenceEqual("noseed"u8)) message.NoSeed = number == 1;
        else if (key.SequenceEqual("scrape"u8)) message.Scrape = number == 1;
        else if (key.SequenceEqual("seq"u8)) message.Sequence = number;
        else if (key.SequenceEqual("cas"u8)) message.Cas = number;
        else if (key.SequenceEqual("interval"u8)) message.Interval = number;
        else if (key.SequenceEqual("num"u8)) message.Num = number;
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

    private static Hash160? Hash(ReadOnlySpan<byte> value) => value.Length == Hash160.Length ? new Hash160(value) : null;

    private static ReadOnlySpan<byte> OfLength(ReadOnlySpan<byte> value, int length) => value.Length == length ? value : default;

    private static ReadOnlySpan<byte> WholeHashes(ReadOnlySpan<byte> value) => value.Length % Hash160.Length == 0 ? value : default;
}
