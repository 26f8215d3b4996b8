using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Node.Torrents;

namespace Shoal.Node.Commands;

/// <summary>What a get is to fetch, as far as its link says.</summary>
internal sealed record GetTarget(InfoHash Id)
{
    /// <summary>The whole of the torrent's description, if the link was a <c>.torrent</c>.</summary>
    public MetainfoFile? Metainfo { get; private init; }

    public IReadOnlyList<string> Peers { get; private init; } = [];

    /// <exception cref="ShoalException">Not a link, or of a kind that is not fetched.</exception>
    public static GetTarget Read(GetRequest request)
    {
        if (request.Torrent is { } bytes)
        {
            var error = MetainfoFile.Read(bytes, out var metainfo);
            if (error == MetainfoError.Version1Only) throw new ShoalException("unsupported", TorrentNames.Sentence(error));
            if (error != MetainfoError.None) throw new ShoalException("bad-torrent", $"{request.Link}: {TorrentNames.Sentence(error)}");

            return new GetTarget(metainfo.Info.InfoHash) { Metainfo = metainfo };
        }

        if (Hash256.TryParse(request.Link, out var id)) return new GetTarget(new InfoHash(id));
        if (MagnetLink.TryReadV1(request.Link, out _)) throw new ShoalException("unsupported", TorrentNames.Sentence(MetainfoError.Version1Only));
        if (!MagnetLink.TryParse(request.Link, out var link)) throw new ShoalException("bad-link", $"{request.Link} is no link. One begins with magnet:? or is 64 hexadecimal digits.");
        if (link.InfoHash is not { } named) throw new ShoalException("unsupported", TorrentNames.Sentence(MetainfoError.Version1Only));

        return new GetTarget(named) { Peers = link.Peers };
    }
}
