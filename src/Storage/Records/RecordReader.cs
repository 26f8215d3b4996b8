using Microsoft.Data.Sqlite;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;

namespace Shoal.Storage.Records;

/// <summary>What the catalogue has that belongs into records, on a connection of its own. Its lock is a leaf; nothing is awaited under it.</summary>
/// <param name="failed">Turns a failure of SQLite into words.</param>
internal sealed class RecordReader(SqliteConnection connection, Func<SqliteException, StoreException> failed) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Statement _ids = new(connection, "SELECT infohash FROM torrents");
    private readonly Statement _torrent = new(connection, "SELECT id, info, added FROM torrents WHERE infohash = $1");
    private readonly Statement _layers = new(connection, "SELECT file, layer FROM layers WHERE torrent = $1");
    private readonly Statement _trackers = new(connection, "SELECT tier, url FROM trackers WHERE torrent = $1 ORDER BY tier, place");
    private readonly Statement _copies = new(connection, "SELECT c.id, c.path, c.shared, p.found FROM copies c JOIN places p ON p.copy = c.id WHERE c.torrent = $1 ORDER BY c.id");

    private readonly Statement _pin = new(connection, "SELECT count(*) FROM pins WHERE torrent = $1");

    /// <summary>Every torrent in the catalogue.</summary>
    public HashSet<InfoHash> Ids()
    {
        return Ask(() =>
        {
            var ids = new HashSet<InfoHash>();
            using var rows = _ids.Query();
            while (rows.Read())
            {
                if (InfoHash.TryRead(rows.GetFieldValue<byte[]>(0), out var id)) ids.Add(id);
            }

            return ids;
        });
    }

    /// <param name="without">A copy that is left out.</param>
    /// <returns>Null if there is no copy of it, or its row makes no sense.</returns>
    public TorrentRecord? Find(InfoHash id, long? without)
    {
        return Ask(() =>
        {
            using var torrent = _torrent.Query(id.ToArray());
            if (!torrent.Read() || TorrentInfoReader.Read(torrent.GetFieldValue<byte[]>(1), out var info) != MetainfoError.None) return null;

            var row = torrent.GetInt64(0);
            var copies = ReadCopies(row, info, DateTimeOffset.FromUnixTimeMilliseconds(torrent.GetInt64(2)), without);
            return copies.Count > 0 ? new TorrentRecord(info, ReadLayers(row, info), ReadTrackers(row), copies) { IsPinned = _pin.Scalar(row) > 0 } : null;
        });
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var statement in (Statement[])[_ids, _torrent, _layers, _trackers, _copies, _pin]) statement.Dispose();
            connection.Dispose();
        }
    }

    private List<CopyRecord> ReadCopies(long torrent, TorrentInfo info, DateTimeOffset added, long? without)
    {
        var copies = new List<CopyRecord>();
        using var rows = _copies.Query(torrent);
        while (rows.Read())
        {
            if (rows.GetInt64(0) == without) continue;
            copies.Add(new CopyRecord(rows.GetString(1), rows.GetInt64(2) != 0, added, Bitfield.TryRead(rows.GetFieldValue<byte[]>(3), info.Files.Count, out var found) ? found : new Bitfield(info.Files.Count)));
        }

        return copies;
    }

    private PieceLayers ReadLayers(long torrent, TorrentInfo info)
    {
        var layers = new PieceLayers(info);
        using var rows = _layers.Query(torrent);
        while (rows.Read())
        {
            if (rows.GetInt64(0) is >= 0 and var file && file < info.Files.Count) layers.TrySet(new FileIndex((int)file), rows.GetFieldValue<byte[]>(1));
        }

        return layers;
    }

    private List<IReadOnlyList<string>> ReadTrackers(long torrent)
    {
        using var rows = _trackers.Query(torrent);
        return CatalogueReader.ReadTiers(rows);
    }

    private T Ask<T>(Func<T> question)
    {
        try
        {
            lock (_lock) return question();
        }
        catch (SqliteException e)
        {
            throw failed(e);
        }
    }
}
