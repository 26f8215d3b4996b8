using Shoal.Core.Metainfo;

namespace Shoal.Storage;

/// <param name="Hashed">Bytes read and hashed now.</param>
/// <param name="Known">Bytes whose hashes were known from before.</param>
public sealed record ShareResult(StoredTorrent Torrent, TorrentInfo Info, PieceLayers Layers, long Hashed, long Known);
