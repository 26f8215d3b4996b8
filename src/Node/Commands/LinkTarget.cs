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

    /// <summary>URLs of web servers that have the content (BEP 19).</summary>
    public IReadOnlyList<string> WebSeeds { get; private init; } = [];

    /// <summary>Its trackers, by tier.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Trackers { get; private init; } = [];

    /// <summary>Whether it is known by a name alone that may be a torrent's, a file's or a chunk's.</summary>
    public bool MayBeRun { get; private init; }

    /// <summary>The length that the link says a file or chunk has.</summary>
    public long? ExactLength { get; private init; }

    /// <summary>What the link calls it.</summary>
    public string? Name { get; private init; }

    /// <summary>What a swarm is joined by.</summary>
    public SwarmNames Swarm => new(Id) { V1 = V1, MayBeRun = MayBeRun, ExactLength = ExactLength };

    /// <summary>The names under which trackers know it, as far as the link says.</summary>
    public IReadOnlyList<Hash160> Keys { get; private init; } = [Id.Truncated];

    /// <exception cref="ShoalException">Not a link, or of a kind that is not fetched.</exception>
    public static LinkTarget Read(string text, byte[]? torrent)
    {
        if (torrent is { } bytes)
        {
            var error = MetainfoFile.Read(bytes, out var metainfo);
            if (error != MetainfoError.None) throw new ShoalException("bad-torrent", $"{text}: {TorrentNames.Sentence(error)}");

            return new LinkTarget(metainfo.Info.InfoHash) { V1 = metainfo.Info.InfoHashV1, Metainfo = metainfo, WebSeeds = metainfo.WebSeeds, Trackers = metainfo.TrackerTiers, Keys = metainfo.Info.Keys };
        }

        if (Hash256.TryParse(text, out var id)) return new LinkTarget(new InfoHash(id)) { MayBeRun = true };
        if (MagnetLink.TryReadV1(text, out var v1)) return new LinkTarget(new InfoHash(v1));
        if (!MagnetLink.TryParse(text, out var link)) throw new ShoalException("bad-link", $"{text} is no link. One begins with magnet:? or is 64 hexadecimal digits, or 40 in v1.");

        SelectOnly? select = null;
        if (link.SelectOnly is { } numbers && !SelectOnly.TryParse(numbers, out select)) throw new ShoalException("bad-link", $"The link selects files by so={numbers}, which is no list of numbers such as 0,2,4-6.");

        var named = link.InfoHash ?? new InfoHash(link.InfoHashV1!.Value);
        return new LinkTarget(named)
        {
            MayBeRun = link is { InfoHash: not null, InfoHashV1: null },
            ExactLength = link.ExactLength,
            Name = link.Name,
            V1 = link.InfoHashV1,
            Peers = link.Peers,
            WebSeeds = link.WebSeeds,
            Select = select,
            Trackers = TrackerLists.Each(link.Trackers),
            Keys = TrackerLists.KeysOf(named, link.InfoHashV1),
        };
    }

    /// <summary>What to call the content, if not what the torrent says: a run of bytes has no name of its own but its ID.</summary>
    public string? NameOf(TorrentInfo info) => !CanonicalTorrent.Is(info) ? null : Name ?? (Id == info.InfoHash ? null : Id.ToString());

    /// <summary>A file or chunk of that name that the store has whole: then its length is known, which that of one in part is not.</summary>
    private async Task<TorrentInfo?> RunAsync(Store store, CancellationToken ct)
    {
        if (!MayBeRun) return null;

        foreach (var run in store.FindRuns(Id.Value).Where(r => r.IsWhole && (ExactLength is { } length ? r.Length == length : r.Length != CanonicalTorrent.AmbiguousLength)))
        {
            if (await store.ReadRootAsync(run, ct) is { } root) return CanonicalTorrent.Create(root, run.Length);
        }

        return null;
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

        var info = await RunAsync(store, ct) ?? await swarm.Metadata.WaitAsync(ct);
        return (info, new PieceLayers(info));
    }
}
