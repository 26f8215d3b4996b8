using Shoal.Core;
using Shoal.Dht.Krpc;

namespace Shoal.Fuzz.Targets;

/// <summary>
/// Some hundred contacts of each family who answer as they should, so that tables fill and lookups get somewhere while others lie. All follows from an endpoint: its ID, whether
/// it answers, and whom it names.
/// </summary>
internal static class HonestWorld
{
    private const int Size = 200;
    private const int Named = 3;

    private static readonly NetEndPoint[] V4 = [.. Enumerable.Range(0, Size).Select(i => Envelope.Parse($"{16 + i}.9.8.7:6881"))];
    private static readonly NetEndPoint[] V6 = [.. Enumerable.Range(0, Size).Select(i => Envelope.Parse($"[2a00:{0x100 + i:x}::7]:6881"))];

    /// <summary>Shares none to three leading bytes with <paramref name="near"/>.</summary>
    public static byte[] IdOf(NetEndPoint endPoint, NodeId near)
    {
        Span<byte> compact = stackalloc byte[NetEndPoint.CompactLengthV6];
        endPoint.WriteCompact(compact);
        var id = new byte[Hash160.Length];
        Hash.Sha1(compact[..endPoint.CompactLength]).CopyTo(id);
        Span<byte> own = stackalloc byte[Hash160.Length];
        near.Value.CopyTo(own);
        own[..(id[19] % 4)].CopyTo(id);
        return id;
    }

    /// <summary>What it says to a query, or null if it is none of those who answer.</summary>
    public static byte[]? Answer(in KrpcMessage query, NetEndPoint asked, NodeId asker)
    {
        var world = asked.IsV6 ? V6 : V4;
        var id = IdOf(asked, asker);
        if (id[18] % 4 == 0) return null;

        var named = new List<byte>();
        var compact = new byte[asked.CompactLength];
        for (var i = 0; i < Named; i++)
        {
            var other = world[(id[i + 4] * 256 + id[i + 5]) % Size];
            other.WriteCompact(compact);
            named.AddRange([.. IdOf(other, asker), .. compact]);
        }

        ReadOnlySpan<byte> key = asked.IsV6 ? "6:nodes6"u8 : "5:nodes"u8;
        return [.. "d1:rd2:id20:"u8, .. id, .. key, .. System.Text.Encoding.ASCII.GetBytes($"{named.Count}:"), .. named, .. "5:token4:tokne1:t4:"u8, .. query.Transaction, .. "1:y1:re"u8];
    }
}
