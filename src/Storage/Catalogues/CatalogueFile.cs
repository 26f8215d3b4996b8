using Microsoft.Data.Sqlite;
using Shoal.Core.Metainfo;

namespace Shoal.Storage.Catalogues;

/// <summary>Opens the catalogue's file, and refuses what is damaged or newer without touching it.</summary>
internal static class CatalogueFile
{
    /// <summary>Up to this size every page is checked at each start, in a fraction of a second; beyond it, damage shows when a page is read.</summary>
    private const long CheckedWhole = 32 * 1024 * 1024;

    private const int CannotOpen = 14, ReadOnly = 8, Corrupt = 11, NotADatabase = 26, Full = 13, PermissionDenied = 3; // SQLITE_*

    public static SqliteConnection Open(string path)
    {
        var length = File.Exists(path) ? new FileInfo(path).Length : 0;
        var connection = Connect(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            var version = Scalar(connection, "PRAGMA user_version");
            if (version > Schema.Version)
            {
                throw new StoreException(StoreErrorCode.NewerVersion, $"{path} was written by a newer version of Shoal: use that version, or another store", path);
            }

            if (version == 0 && Scalar(connection, "SELECT count(*) FROM sqlite_master") > 0)
            {
                throw new StoreException(StoreErrorCode.Damaged, DamagedMessage(path), path);
            }

            if (length is > 0 and <= CheckedWhole && !IsSound(connection)) throw new StoreException(StoreErrorCode.Damaged, DamagedMessage(path), path);

            Run(connection, "PRAGMA journal_mode = WAL");
            Run(connection, "PRAGMA synchronous = NORMAL");
            if (version == 0) Run(connection, $"BEGIN IMMEDIATE; {Schema.Create} PRAGMA user_version = {Schema.Version}; COMMIT");
            else if (version < Schema.Version) Migrate(connection, (int)version);

            return connection;
        }
        catch (Exception e)
        {
            connection.Dispose();
            throw e is SqliteException sqlite ? Translate(sqlite, path) : e;
        }
    }

    public static SqliteConnection OpenForReading(string path)
    {
        var connection = Connect(path, SqliteOpenMode.ReadWrite);
        Run(connection, "PRAGMA query_only = 1");
        return connection;
    }

    public static StoreException Translate(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        Corrupt or NotADatabase => new(StoreErrorCode.Damaged, DamagedMessage(path), path, e),
        CannotOpen or ReadOnly or PermissionDenied => new(StoreErrorCode.Unwritable, $"{path} cannot be written: change its permissions, or use another store", path, e),
        Full => new(StoreErrorCode.NoSpace, $"the disk is full at {path}: make room and run it again; what was fetched is kept", path, e),
        _ => new(StoreErrorCode.DiskFailed, $"{path} could not be used (SQLite error {e.SqliteErrorCode}): check the disk", path, e),
    };

    /// <summary>All or nothing: a store that could not be brought up to date stays as it was.</summary>
    private static void Migrate(SqliteConnection connection, int version)
    {
        Run(connection, "BEGIN IMMEDIATE");
        foreach (var upgrade in Schema.Upgrades[(version - 1)..].Where(u => u.Length > 0)) Run(connection, upgrade);
        if (version < 2) NameHybrids(connection);
        Run(connection, $"PRAGMA user_version = {Schema.Version}");
        Run(connection, "COMMIT");
    }

    private static void NameHybrids(SqliteConnection connection)
    {
        var names = new List<(long Torrent, byte[] V1)>();
        using (var select = new Statement(connection, "SELECT id, info FROM torrents"))
        using (var rows = select.Query())
        {
            while (rows.Read())
            {
                if (TorrentInfoReader.Read(rows.GetFieldValue<byte[]>(1), out var info) == MetainfoError.None && info.InfoHashV1 is { } v1) names.Add((rows.GetInt64(0), v1.ToArray()));
            }
        }

        using var set = new Statement(connection, "UPDATE torrents SET infohash_v1 = $2 WHERE id = $1");
        foreach (var (torrent, v1) in names) set.Run(torrent, v1);
    }

    private static string DamagedMessage(string path) =>
        $"{path} is damaged: move it away and run it again; files shared or downloaded are untouched, and are proven anew when they are shared or got again";

    private static bool IsSound(SqliteConnection connection)
    {
        using var check = new Statement(connection, "PRAGMA quick_check(1)");
        using var rows = check.Query();
        return rows.Read() && rows.GetString(0) == "ok";
    }

    // a statement that is left to the collector can keep the file open, and its log beside it, after the connection was closed
    private static long Scalar(SqliteConnection connection, string sql)
    {
        using var statement = new Statement(connection, sql);
        return statement.Scalar();
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var statement = new Statement(connection, sql);
        statement.Run();
    }

    private static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Translate(e, path);
        }
    }
}
