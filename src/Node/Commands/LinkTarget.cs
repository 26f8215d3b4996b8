using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Node.Torrents;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>What a link names, as far as it says so itself.</summary>
internal sealed record LinkTarget(InfoHash Id)
{
    /// <summary>The whole of the torrent's description, if the link was a <c>.torrent</c>.</summary>
    public MetainfoFile? Metainfo { get; private init; }

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
            if (error == MetainfoError.Version1Only) throw new ShoalException("unsupported", TorrentNames.Sentence(error));
            if (error != MetainfoError.None) throw new ShoalException("bad-torrent", $"{text}: {TorrentNames.Sentence(error)}");

            return new LinkTarget(metainfo.Info.InfoHash) { Metainfo = metainfo, Trackers = metainfo.TrackerTiers, Keys = TrackerLists.KeysOf(metainfo.Info) };
        }

        if (Hash256.TryParse(text, out var id)) return new LinkTarget(new InfoHash(id));
        if (MagnetLink.TryReadV1(text, out _)) throw new ShoalException("unsupported", TorrentNames.Sentence(MetainfoError.Version1Only));
        if (!MagnetLink.TryParse(text, out var link)) throw new ShoalException("bad-link", $"{text} is no link. One begins with magnet:? or is 64 hexadecimal digits.");
        if (link.InfoHash is not { } named) throw new ShoalException("unsupported", TorrentNames.Sentence(MetainfoError.Version1Only));

        return new LinkTarget(named) { Peers = link.Peers, Trackers = TrackerLists.Each(link.Trackers), Keys = TrackerLists.KeysOf(named, link.InfoHashV1) };
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
