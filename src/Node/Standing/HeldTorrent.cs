using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Storage;

namespace Shoal.Node.Standing;

/// <summary>A torrent in hand, in the store, or both.</summary>
internal sealed record HeldTorrent(InfoHash Id, SwarmLoop? Swarm, StoredTorrent? Stored)
{
    public TorrentInfo? Info => Swarm is { Metadata: { IsCompletedSuccessfully: true } known } ? known.Result : null;

    public string? Name => Info?.Name ?? Stored?.Name;

    /// <summary>What there is of one ID, or everything.</summary>
    /// <exception cref="ShoalException">The text is no ID, or there is nothing of it.</exception>
    public static List<HeldTorrent> Select(NodeServices services, string? text)
    {
        var swarms = services.Network?.Engine.Swarms.ToList() ?? [];
        var stored = services.Store.List().GroupBy(t => t.Id).Select(copies => copies.OrderByDescending(t => t.Have).First()).ToList();
        List<HeldTorrent> all =
        [
            .. stored.Select(t => new HeldTorrent(t.Id, swarms.Find(s => s.Keys.Contains(t.Id.Truncated)), t)),
            .. swarms.Where(s => stored.TrueForAll(t => !s.Keys.Contains(t.Id.Truncated))).Select(s => new HeldTorrent(s.InfoHash, s, null)),
        ];
        if (text is null) return all;
        if (!InfoHash.TryParse(text, out var id)) throw new ShoalException("bad-link", $"{text} is no ID. One is 64 hexadecimal digits, or 40 in v1, or a link.");

        var named = all.FindAll(k => k.Id == id || k.Stored?.IdV1 == id.Truncated || k.Swarm?.Keys.Contains(id.Truncated) == true);
        return named.Count > 0 ? named : throw new ShoalException("not-held", $"Nothing here is called {id}: no command has it in hand, and the store does not hold it. 'shoal status' shows what there is.");
    }
}
