using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Node.Torrents;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>What a link names, as far as it says so itself.</summary>
internal sealed record LinkTarget(InfoHash Id)
{
    /// <summary>Of a hybrid, the name of its v1 half, if the link says it.</summary>
    public Hash160? V1 { get; private init; }

    /// <summary>The whole of the torrent's description, if the link was a <c>.torrent</c>.</summary>
    public MetainfoFile? Metainfo { get; private init; }

    /// <summary>The files that the link selects (BEP 53); null for all.</summary>
    public SelectOnly? Select { get; private init; }

    public IReadOnlyList<string> Peers { get; private init; } = [];

    /// <summary>Its trackers, by tier.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Trackers { get; private init; } = [];

    /// <summary>The names under which trackers know it, as far as the link says.</summary>
    public IReadOnlyList<Hash160> Keys { get; private init; } = [Id.Truncated];

    /// <exception cref="ShoalException">Not a link, or of a kind that is not fetched.</exception>
    public static LinkTarget Read(string text, byte[]? torrent)
    {
        if (torrent is { } bytes)
        {
            var error = MetainfoFile.Read(bytes, out var metainfo);
            if (error != MetainfoError.None) throw new ShoalException("bad-torrent", $"{text}: {TorrentNames.Sentence(error)}");

            return new LinkTarget(metainfo.Info.InfoHash) { V1 = metainfo.Info.InfoHashV1, Metainfo = metainfo, Trackers = metainfo.TrackerTiers, Keys = metainfo.Info.Keys };
        }

        if (Hash256.TryParse(text, out var id)) return new LinkTarget(new InfoHash(id));
        if (MagnetLink.TryReadV1(text, out var v1)) return new LinkTarget(new InfoHash(v1));
        if (!MagnetLink.TryParse(text, out var link)) throw new ShoalException("bad-link", $"{text} is no link. One begins with magnet:? or is 64 hexadecimal digits, or 40 in v1.");

        SelectOnly? select = null;
        if (link.SelectOnly is { } numbers && !SelectOnly.TryParse(numbers, out select)) throw new ShoalException("bad-link", $"The link selects files by so={numbers}, which is no list of numbers such as 0,2,4-6.");

        var named = link.InfoHash ?? new InfoHash(link.InfoHashV1!.Value);
        return new LinkTarget(named) { V1 = link.InfoHashV1, Peers = link.Peers, Select = select, Trackers = TrackerLists.Each(link.Trackers), Keys = TrackerLists.KeysOf(named, link.InfoHashV1) };
    }

    /// <summary>What is known already, or else what the swarm's peers say.</summary>
    public async Task<(TorrentInfo Info, PieceLayers Layers)> DescribeAsync(Store store, SwarmLoop swarm, CancellationToken ct)
    {
        if (Metainfo is { } metainfo) return (metainfo.Info, metainfo.Layers);
        if (store.Find(Id) is { } held)
        {
            await using var content = await store.OpenAsync(held, ct);
            return (content.Info, content.Layers);
        }

        var info = await swarm.Metadata.WaitAsync(ct);
        return (info, new PieceLayers(info));
    }
}
