using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Catalogues;

/// <summary>The questions asked of the catalogue, on a connection of their own. Its lock is a leaf; nothing is awaited under it.</summary>
/// <param name="failed">Turns a failure of SQLite into words.</param>
internal sealed class CatalogueReader(SqliteConnection connection, Func<SqliteException, StoreException> failed) : IDisposable
{
    /// <summary>So many places of one ID are looked at: nobody needs more to find its bytes.</summary>
    private const int MaxRuns = 256;

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

    private readonly Statement _files = new(connection, "SELECT copy, file FROM files WHERE root = $1 AND length = $2 LIMIT $3");
    private readonly Statement _named = new(connection, "SELECT copy, file FROM files WHERE root >= $1 AND root < $2 LIMIT $3");
    private readonly Statement _runs = new(connection, """
        SELECT k.torrent, k.file, k.node, c.id FROM runs k JOIN copies c ON c.torrent = k.torrent WHERE k.key = $1 LIMIT $2
        """);

    private readonly Statement _layer = new(connection, "SELECT layer FROM layers WHERE torrent = $1 AND file = $2");
    private readonly Statement _layerOfCopy = new(connection, "SELECT l.layer FROM copies c JOIN layers l ON l.torrent = c.torrent WHERE c.id = $1 AND l.file = $2");
    private readonly Statement _layersOf = new(connection, "SELECT l.file, l.layer FROM torrents t JOIN layers l ON l.torrent = t.id WHERE t.infohash = $1");
    private readonly Statement _have = new(connection, "SELECT c.present, p.placed FROM copies c JOIN places p ON p.copy = c.id WHERE c.id = $1");
    private readonly Statement _trackers = new(connection, "SELECT k.tier, k.url FROM torrents t JOIN trackers k ON k.torrent = t.id WHERE t.infohash = $1 ORDER BY k.tier, k.place");
    private readonly Statement _pins = new(connection, "SELECT t.infohash FROM pins p JOIN torrents t ON t.id = p.torrent");
    private readonly Statement _uses = new(connection, "SELECT copy, used, others, counted FROM uses");
    private readonly Statement _setting = new(connection, "SELECT value FROM settings WHERE name = $1");
    private readonly Statement _hashed = new(connection, "SELECT path, length, modified, height, root, layer FROM hashed WHERE path >= $1 AND path < $2");

    public List<StoredTorrent> List()
    {
        return Ask(() =>
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
        });
    }

    /// <returns>Null if the copy is not there any more, or its row makes no sense.</returns>
    public TorrentInfo? Info(long copy)
    {
        return Ask(() =>
        {
            using var rows = _info.Query(copy);
            return rows.Read() && TorrentInfoReader.Read(rows.GetFieldValue<byte[]>(0), out var info) == MetainfoError.None ? info : null;
        });
    }

    public CopyRow? Copy(long copy)
    {
        if (Info(copy) is not { } info) return null;

        return Ask<CopyRow?>(() =>
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
        });
    }

    public List<FileRow> Files(FileId id, long length)
    {
        return Ask(() =>
        {
            var files = new List<FileRow>();
            using var rows = _files.Query(id.Value.ToArray(), length, MaxRuns);
            while (rows.Read()) files.Add(new FileRow(rows.GetInt64(0), new FileIndex((int)rows.GetInt64(1))));
            return files;
        });
    }

    /// <summary>Files whose ID begins so, whatever their length.</summary>
    /// <param name="prefix">1 to 32 bytes.</param>
    public List<FileRow> Files(ReadOnlySpan<byte> prefix)
    {
        var first = prefix.ToArray();
        byte[] end = [.. prefix, .. Enumerable.Repeat((byte)0xFF, Hash256.Length + 1 - prefix.Length)]; // beyond every root that begins so

        return Ask<List<FileRow>>(() =>
        {
            var files = new List<FileRow>();
            using var rows = _named.Query(first, end, MaxRuns);
            while (rows.Read()) files.Add(new FileRow(rows.GetInt64(0), new FileIndex((int)rows.GetInt64(1))));
            return files;
        });
    }

    /// <summary>What may be meant by a key of <see cref="RunKeys"/>, one row for each copy: to be compared with the layer.</summary>
    public List<RunRow> Runs(long key)
    {
        return Ask<List<RunRow>>(() =>
        {
            var runs = new List<RunRow>();
            using var rows = _runs.Query(key, MaxRuns);
            while (rows.Read()) runs.Add(new RunRow(rows.GetInt64(0), rows.GetInt64(3), new FileIndex((int)rows.GetInt64(1)), rows.GetInt64(2)));
            return runs;
        });
    }

    /// <summary>A file's piece layer; null if it is not known.</summary>
    public byte[]? Layer(long torrent, FileIndex file) => Blob(_layer, torrent, file);

    /// <inheritdoc cref="Layer"/>
    public byte[]? LayerOfCopy(long copy, FileIndex file) => Blob(_layerOfCopy, copy, file);

    /// <summary>The layers known of a torrent, whatever copy of it they came with.</summary>
    public List<(FileIndex File, byte[] Layer)> Layers(InfoHash id)
    {
        return Ask<List<(FileIndex File, byte[] Layer)>>(() =>
        {
            var layers = new List<(FileIndex, byte[])>();
            using var rows = _layersOf.Query(id.ToArray());
            while (rows.Read()) layers.Add((new FileIndex((int)rows.GetInt64(0)), rows.GetFieldValue<byte[]>(1)));
            return layers;
        });
    }

    /// <summary>What a copy had when it was last entered; null if it is not there any more.</summary>
    public (Bitfield Present, Bitfield Placed)? Have(long copy, TorrentInfo info)
    {
        return Ask<(Bitfield Present, Bitfield Placed)?>(() =>
        {
            using var rows = _have.Query(copy);
            return rows.Read()
                && Bitfield.TryRead(rows.GetFieldValue<byte[]>(0), info.Geometry.PieceCount, out var present)
                && Bitfield.TryRead(rows.GetFieldValue<byte[]>(1), info.Files.Count, out var placed)
                ? (present, placed)
                : null;
        });
    }

    private byte[]? Blob(Statement statement, long id, FileIndex file)
    {
        return Ask<byte[]?>(() =>
        {
            using var rows = statement.Query(id, file.Value);
            return rows.Read() ? rows.GetFieldValue<byte[]>(0) : null;
        });
    }

    /// <summary>The trackers of a torrent, by tier; none if it is not held.</summary>
    public List<IReadOnlyList<string>> Trackers(InfoHash id)
    {
        return Ask<List<IReadOnlyList<string>>>(() =>
        {
            using var rows = _trackers.Query(id.Value.ToArray());
            return ReadTiers(rows);
        });
    }

    /// <summary>Rows of a tier and a URL, in their order.</summary>
    internal static List<IReadOnlyList<string>> ReadTiers(SqliteDataReader rows)
    {
        var tiers = new SortedDictionary<long, List<string>>();
        while (rows.Read())
        {
            if (!tiers.TryGetValue(rows.GetInt64(0), out var tier)) tiers[rows.GetInt64(0)] = tier = [];
            tier.Add(rows.GetString(1));
        }

        return [.. tiers.Values];
    }

    public List<InfoHash> Pins()
    {
        return Ask<List<InfoHash>>(() =>
        {
            var pins = new List<InfoHash>();
            using var rows = _pins.Query();
            while (rows.Read())
            {
                if (InfoHash.TryRead(rows.GetFieldValue<byte[]>(0), out var id)) pins.Add(id);
            }

            return pins;
        });
    }

    public List<UseRow> Uses()
    {
        return Ask<List<UseRow>>(() =>
        {
            var uses = new List<UseRow>();
            using var rows = _uses.Query();
            while (rows.Read()) uses.Add(new UseRow(rows.GetInt64(0), rows.GetInt64(1), rows.IsDBNull(2) ? null : (int)rows.GetInt64(2), rows.IsDBNull(3) ? null : rows.GetInt64(3)));
            return uses;
        });
    }

    public long? Setting(string name)
    {
        return Ask<long?>(() =>
        {
            using var rows = _setting.Query(name);
            return rows.Read() ? rows.GetInt64(0) : null;
        });
    }

    /// <summary>What is remembered of a file, or of all files below a folder, by path.</summary>
    public Dictionary<string, HashedRow> Hashed(string path, bool isFolder)
    {
        var first = isFolder && !Path.EndsInDirectorySeparator(path) ? path + Path.DirectorySeparatorChar : path;
        var behind = isFolder ? first[..^1] + (char)(first[^1] + 1) : path + '\0';
        return Ask(() =>
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
        });
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var statement in (Statement[])[_list, _info, _layers, _copy, _files, _named, _runs, _layer, _layerOfCopy, _layersOf, _have, _trackers, _pins, _uses, _setting, _hashed]) statement.Dispose();
            connection.Dispose();
        }
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
