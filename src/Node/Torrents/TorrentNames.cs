using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Node.Events;
using Shoal.Storage;

namespace Shoal.Node.Torrents;

/// <summary>How torrents, files and errors are named in events.</summary>
public static class TorrentNames
{
    /// <param name="asked">The name it was asked for by: of a file or chunk, if it is not the torrent's.</param>
    /// <param name="name">What it is called, if that is not what the torrent says.</param>
    public static MetadataEvent Describe(TorrentInfo info, PieceLayers? layers = null, InfoHash? asked = null, string? name = null)
    {
        var id = asked is { IsV1: false } other && info.HasV2 && CanonicalTorrent.Is(info) ? other : info.InfoHash;
        var kind = id == info.InfoHash ? "torrent" : id.Value == info.Files[0].Id.Value ? "file" : "chunk";
        return new MetadataEvent(kind, id.ToString(), Infohash(info), info.InfoHashV1?.ToString(), name ?? info.Name, info.Length, info.Geometry.PieceLength, Files(info, layers));
    }

    /// <summary>The name of v2; null if there is none.</summary>
    public static string? Infohash(TorrentInfo info) => info.HasV2 ? info.InfoHash.ToString() : null;

    /// <param name="hints">Addresses for the files' own links; null to leave those out.</param>
    public static IReadOnlyList<FileItem> Files(TorrentInfo info, PieceLayers? layers = null, IReadOnlyList<string>? hints = null)
    {
        var items = new FileItem[info.Files.Count];
        for (var i = 0; i < items.Length; i++)
        {
            var file = info.Files[i];
            items[i] = new FileItem(file.DisplayPath, file.Length, file.Id.IsNone ? null : file.Id.ToString(), hints is null || info.IsPrivate ? null : Link(file, hints))
            {
                Chunks = layers is not null ? Chunks(info.Geometry, layers, new FileIndex(i)) : null,
            };
        }

        return items;
    }

    /// <summary>The chunk IDs of a file in order; null while its layer is unknown.</summary>
    public static IReadOnlyList<string>? Chunks(TorrentGeometry geometry, PieceLayers layers, FileIndex file)
    {
        if (!geometry.IsAligned || !layers.IsKnown(file)) return null;

        return [.. geometry.PiecesOf(file).Select(p => layers[p].ToString())];
    }

    /// <summary>A link to the torrent, with addresses where to begin, its trackers, and URLs of web servers that have it.</summary>
    public static string Link(TorrentInfo info, IReadOnlyList<string> hints, IReadOnlyList<IReadOnlyList<string>> tiers, IReadOnlyList<string> webSeeds) => new MagnetLink
    {
        InfoHash = info.HasV2 ? info.InfoHash : null,
        InfoHashV1 = info.InfoHashV1,
        Name = info.Name,
        Peers = info.IsPrivate ? [] : hints,
        WebSeeds = webSeeds,
        Trackers = [.. tiers.SelectMany(tier => tier)],
    }.ToString();

    /// <summary>A link to a file by itself, which any client of v2 can use; null if it has no name.</summary>
    public static string? Link(TorrentFile file, IReadOnlyList<string> hints) =>
        file.Id.IsNone ? null : new MagnetLink { InfoHash = CanonicalTorrent.NameOf(file.Id, file.Length), Name = file.Path[^1], Peers = hints }.ToString();

    public static string Code(StoreErrorCode code) => code switch
    {
        StoreErrorCode.InUse => "store-in-use",
        StoreErrorCode.NewerVersion => "store-newer",
        StoreErrorCode.Damaged => "store-damaged",
        StoreErrorCode.NotFound => "no-such-path",
        StoreErrorCode.Unreadable => "unreadable",
        StoreErrorCode.Unwritable => "unwritable",
        StoreErrorCode.NoSpace => "no-space",
        StoreErrorCode.OverQuota => "over-quota",
        StoreErrorCode.TargetHoldsOtherContent => "target-exists",
        StoreErrorCode.NamesCollide => "names-collide",
        StoreErrorCode.ChangedWhileHashing => "changed-while-hashing",
        StoreErrorCode.NothingToShare => "nothing-to-share",
        StoreErrorCode.InvalidTorrent => "invalid-torrent",
        StoreErrorCode.NotHeld => "not-held",
        _ => "disk-failed",
    };

    public static string Code(StoreWarningKind kind) => kind switch
    {
        StoreWarningKind.SourceChanged => "source-changed",
        StoreWarningKind.SourceMissing => "source-missing",
        StoreWarningKind.LinkSkipped => "link-skipped",
        StoreWarningKind.SpecialFileSkipped => "special-file-skipped",
        StoreWarningKind.FileSkipped => "file-skipped",
        StoreWarningKind.LinkNotMade => "link-not-made",
        StoreWarningKind.FlushFailed => "flush-failed",
        StoreWarningKind.CatalogueRestored => "catalogue-restored",
        StoreWarningKind.CatalogueDamaged => "catalogue-damaged",
        StoreWarningKind.RecordFailed => "record-failed",
        _ => "commit-failed",
    };

    public static string Sentence(MetainfoError error) => error switch
    {
        MetainfoError.NewerVersion => "The torrent is of a newer version than this program knows. A newer Shoal may read it.",
        MetainfoError.UnsafePath or MetainfoError.InvalidName => "The torrent names a file outside its own folder, and is refused.",
        MetainfoError.TooLarge => "The torrent has more files or pieces than are accepted.",
        MetainfoError.InvalidPieceLayer or MetainfoError.InvalidPieces => "The torrent's hashes do not fit its files: it is damaged or forged.",
        _ => "The torrent's description cannot be read: it is damaged or forged.",
    };
}
