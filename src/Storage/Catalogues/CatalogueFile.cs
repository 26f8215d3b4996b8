using Microsoft.Data.Sqlite;
using Shoal.Core.Metainfo;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Catalogues;

/// <summary>Opens the catalogue's file, and refuses what is damaged or newer without touching it.</summary>
internal static class CatalogueFile
{
    /// <summary>Up to this size every page is checked at each start, in a fraction of a second; beyond it, damage shows when a page is read.</summary>
    private const long CheckedWhole = 32 * 1024 * 1024;

    private const string Log = "-wal";
    private const int CannotOpen = 14, ReadOnly = 8, Corrupt = 11, NotADatabase = 26, Full = 13, PermissionDenied = 3; // SQLITE_*

    public static SqliteConnection Open(string path)
    {
        var length = LengthOf(path);
        if (length > 0) RefuseNewer(path);
        var connection = Connect(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            var version = Scalar(connection, "PRAGMA user_version");

            if (version == 0 && Scalar(connection, "SELECT count(*) FROM sqlite_master") > 0)
            {
                throw Damaged(path);
            }

            if (length > 0 && !IsLarge(path) && !IsSound(connection)) throw Damaged(path);

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

    public static long LengthOf(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>Whether checking every page takes so long that a start does not wait for it.</summary>
    public static bool IsLarge(string path) => LengthOf(path) > CheckedWhole;

    /// <summary>Whether every page is one that SQLite could have written.</summary>
    public static bool IsSound(SqliteConnection connection)
    {
        using var check = new Statement(connection, "PRAGMA quick_check(1)");
        using var rows = check.Query();
        return rows.Read() && rows.GetString(0) == "ok";
    }

    /// <summary>Gives the catalogue and its log another name, so that nothing of them is lost.</summary>
    /// <returns>Where it is now; null if there was nothing.</returns>
    public static string? MoveAside(string path)
    {
        if (!File.Exists(path) && !File.Exists(path + Log)) return null;

        var aside = path + ".damaged";
        for (var i = 2; File.Exists(aside) || File.Exists(aside + Log); i++) aside = $"{path}.damaged-{i}";
        try
        {
            foreach (var part in (string[])["", Log, "-shm"])
            {
                if (File.Exists(path + part)) File.Move(path + part, aside + part);
            }
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Writing(e, path);
        }

        return aside;
    }

    /// <summary>Brings the log to the medium. SQLite does so only when it folds the log into the catalogue (<c>synchronous = NORMAL</c>).</summary>
    /// <returns>How long it was.</returns>
    public static long FlushLog(string path)
    {
        try
        {
            using var log = File.OpenHandle(path + Log, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(log);
            RandomAccess.FlushToDisk(log);
            return length;
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Writing(e, path + Log);
        }
    }

    public static bool HasLog(string path) => File.Exists(path + Log);

    public static StoreException Damaged(string path, Exception? inner = null) => new(StoreErrorCode.Damaged, DamagedMessage(path), path, inner);

    public static StoreException Translate(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        Corrupt or NotADatabase => Damaged(path, e),
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
        if (version < 3) EnterRuns(connection);
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

    private static void EnterRuns(SqliteConnection connection)
    {
        using var writer = new RunWriter(connection);
        using var select = new Statement(connection, "SELECT id, info FROM torrents");
        using var rows = select.Query();
        while (rows.Read())
        {
            if (TorrentInfoReader.Read(rows.GetFieldValue<byte[]>(1), out var info) == MetainfoError.None) writer.EnterAll(rows.GetInt64(0), info);
        }
    }

    private static string DamagedMessage(string path) =>
        $"{path} is damaged: run it again, and it is made anew from the records beside it. Files shared or downloaded are untouched. If there are no records, move it away; what is shared or got again is then proven and not fetched";

    /// <summary>Looks at the version without the right to write: a store that a newer program left in the middle of its work stays as it is.</summary>
    private static void RefuseNewer(string path)
    {
        using var connection = Connect(path, SqliteOpenMode.ReadOnly);
        long version;
        try
        {
            version = Scalar(connection, "PRAGMA user_version");
        }
        catch (SqliteException e)
        {
            throw Translate(e, path);
        }

        if (version > Schema.Version) throw new StoreException(StoreErrorCode.NewerVersion, $"{path} was written by a newer version of Shoal: use that version, or another store", path);
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
