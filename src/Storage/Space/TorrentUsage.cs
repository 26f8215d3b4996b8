namespace Shoal.Storage.Space;

/// <summary>What one copy takes.</summary>
/// <param name="Bytes">All of it that is here.</param>
/// <param name="Common">Bytes of whole files that another copy has too, by (ID, length).</param>
/// <param name="Brought">Bytes that removing it with its files frees; none of the user's own.</param>
public sealed record TorrentUsage(StoredTorrent Torrent, long Bytes, long Common, long Brought);

/// <param name="Once">Bytes of content, what several copies have counted once.</param>
public sealed record StoreUsage(IReadOnlyList<TorrentUsage> Torrents, long Once);
