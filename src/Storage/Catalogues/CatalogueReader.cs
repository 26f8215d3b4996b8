using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Catalogues;

/// <summary>The questions asked of the catalogue, on a connection of their own. Its lock is a leaf; nothing is awaited under it.</summary>
internal sealed class CatalogueReader(SqliteConnection connection) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Statement _list = new(connection, """
        SELECT c.id, t.infohash, t.name, t.length, t.private, t.added, c.path, c.shared, c.complete, c.have, t.infohash_v1
        FROM copies c JOIN torrents t ON t.id = c.torrent ORDER BY c.id
        """);

    private readonly Statement _info = new(connection, "SELECT t.info FROM copies c JOIN torrents t ON t.id = c.torrent WHERE c.id = $1");
    private readonly Statement _layers = new(connection, "SELECT l.file, l.layer FROM copies c JOIN layers l ON l.torrent = c.torrent WHERE c.id = $1");
    private readonly Statement _copy = new(connection, """
        SELECT c.complete, c.have, c.boot, c.present, c.durable, p.placed, p.found, p.stamps
        FROM copies c JOIN places p ON p.copy = c.id WHERE c.id = $1
        """);

    private readonly Statement _files = new(connection, "SELECT copy, file FROM files WHERE root = $1 AND length = $2");
    private readonly Statement _trackers = new(connection, "SELECT k.tier, k.url FROM torrents t JOIN trackers k ON k.torrent = t.id WHERE t.infohash = $1 ORDER BY k.tier, k.place");
    private readonly Statement _pins = new(connection, "SELECT t.infohash FROM pins p JOIN torrents t ON t.id = p.torrent");
    private readonly Statement _uses = new(connection, "SELECT copy, used, others, counted FROM uses");
    private readonly Statement _setting = new(connection, "SELECT value FROM settings WHERE name = $1");
    private readonly Statement _hashed = new(connection, "SELECT path, length, modified, height, root, layer FROM hashed WHERE path >= $1 AND path < $2");

    public List<StoredTorrent> List()
    {
        lock (_lock)
        {
            var torrents = new List<StoredTorrent>();
            using var rows = _list.Query();
            while (rows.Read())
            {
                torrents.Add(new StoredTorrent
                {
                    CopyId = rows.GetInt64(0),
                    Id = InfoHash.TryRead(rows.GetFieldValue<byte[]>(1), out var id) ? id : default,
                    IdV1 = rows.IsDBNull(10) ? null : new Hash160(rows.GetFieldValue<byte[]>(10)),
                    Name = rows.GetString(2),
                    Length = rows.GetInt64(3),
                    IsPrivate = rows.GetInt64(4) != 0,
                    Added = DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(5)),
                    Path = rows.GetString(6),
                    IsShared = rows.GetInt64(7) != 0,
                    IsComplete = rows.GetInt64(8) != 0,
                    Have = rows.GetInt64(9),
                });
            }

            return torrents;
        }
    }

    /// <returns>Null if the copy is not there any more, or its row makes no sense.</returns>
    public TorrentInfo? Info(long copy)
    {
        lock (_lock)
        {
            using var rows = _info.Query(copy);
            return rows.Read() && TorrentInfoReader.Read(rows.GetFieldValue<byte[]>(0), out var info) == MetainfoError.None ? info : null;
        }
    }

    public CopyRow? Copy(long copy)
    {
        if (Info(copy) is not { } info) return null;

        lock (_lock)
        {
            var layers = new PieceLayers(info);
            using (var rows = _layers.Query(copy))
            {
                while (rows.Read())
                {
                    if (rows.GetInt64(0) is >= 0 and var file && file < info.Files.Count) layers.TrySet(new FileIndex((int)file), rows.GetFieldValue<byte[]>(1));
                }
            }

            using var row = _copy.Query(copy);
            if (!row.Read()) return null;

            var (pieces, files) = (info.Geometry.PieceCount, info.Files.Count);
            var readable = Bitfield.TryRead(row.GetFieldValue<byte[]>(3), pieces, out var present)
                & Bitfield.TryRead(row.GetFieldValue<byte[]>(4), pieces, out var durable)
                & Bitfield.TryRead(row.GetFieldValue<byte[]>(5), files, out var placed)
                & Bitfield.TryRead(row.GetFieldValue<byte[]>(6), files, out var found)
                & TryReadStamps(row.GetFieldValue<byte[]>(7), files, out var stamps);
            return readable
                ? new CopyRow(
                    info,
                    layers,
                    new CopyState(row.GetInt64(0) != 0, row.GetInt64(1), row.IsDBNull(2) ? null : row.GetString(2), present, durable),
                    new CopyPlaces(placed, found, stamps))
                : null;
        }
    }

    public List<FileRow> Files(FileId id, long length)
    {
        lock (_lock)
        {
            var files = new List<FileRow>();
            using var rows = _files.Query(id.Value.ToArray(), length);
            while (rows.Read()) files.Add(new FileRow(rows.GetInt64(0), new FileIndex((int)rows.GetInt64(1))));
            return files;
        }
    }

    /// <summary>The trackers of a torrent, by tier; none if it is not held.</summary>
    public List<IReadOnlyList<string>> Trackers(InfoHash id)
    {
        lock (_lock)
        {
            var tiers = new SortedDictionary<long, List<string>>();
            using var rows = _trackers.Query(id.Value.ToArray());
            while (rows.Read())
            {
                if (!tiers.TryGetValue(rows.GetInt64(0), out var tier)) tiers[rows.GetInt64(0)] = tier = [];
                tier.Add(rows.GetString(1));
            }

            return [.. tiers.Values];
        }
    }

    public List<InfoHash> Pins()
    {
        lock (_lock)
        {
            var pins = new List<InfoHash>();
            using var rows = _pins.Query();
            while (rows.Read())
            {
                if (InfoHash.TryRead(rows.GetFieldValue<byte[]>(0), out var id)) pins.Add(id);
            }

            return pins;
        }
    }

    public List<UseRow> Uses()
    {
        lock (_lock)
        {
            var uses = new List<UseRow>();
            using var rows = _uses.Query();
            while (rows.Read()) uses.Add(new UseRow(rows.GetInt64(0), rows.GetInt64(1), rows.IsDBNull(2) ? null : (int)rows.GetInt64(2), rows.IsDBNull(3) ? null : rows.GetInt64(3)));
            return uses;
        }
    }

    public long? Setting(string name)
    {
        lock (_lock)
        {
            using var rows = _setting.Query(name);
            return rows.Read() ? rows.GetInt64(0) : null;
        }
    }

    /// <summary>What is remembered of a file, or of all files below a folder, by path.</summary>
    public Dictionary<string, HashedRow> Hashed(string path, bool isFolder)
    {
        var first = isFolder && !Path.EndsInDirectorySeparator(path) ? path + Path.DirectorySeparatorChar : path;
        var behind = isFolder ? first[..^1] + (char)(first[^1] + 1) : path + '\0';
        lock (_lock)
        {
            var hashed = new Dictionary<string, HashedRow>();
            using var rows = _hashed.Query(first, behind);
            while (rows.Read())
            {
                var row = new HashedRow(
                    rows.GetString(0),
                    new FileStamp(rows.GetInt64(1), rows.GetInt64(2)),
                    (int)rows.GetInt64(3),
                    rows.IsDBNull(4) ? null : new Hash256(rows.GetFieldValue<byte[]>(4)),
                    rows.GetFieldValue<byte[]>(5));
                hashed[row.Path] = row;
            }

            return hashed;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var statement in (Statement[])[_list, _info, _layers, _copy, _files, _trackers, _pins, _uses, _setting, _hashed]) statement.Dispose();
            connection.Dispose();
        }
    }

    private static bool TryReadStamps(ReadOnlySpan<byte> bytes, int files, out FileStamp[] stamps)
    {
        stamps = new FileStamp[files];
        if (bytes.Length != files * CatalogueWriter.StampLength) return false;

        for (var i = 0; i < files; i++)
        {
            var at = bytes[(i * CatalogueWriter.StampLength)..];
            stamps[i] = new FileStamp(BinaryPrimitives.ReadInt64LittleEndian(at), BinaryPrimitives.ReadInt64LittleEndian(at[8..]));
        }

        return true;
    }
}
