using Microsoft.Data.Sqlite;

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
            var version = new Statement(connection, "PRAGMA user_version").Scalar();
            if (version > Schema.Version)
            {
                throw new StoreException(StoreErrorCode.NewerVersion, $"{path} was written by a newer version of Shoal: use that version, or another store", path);
            }

            if (version == 0 && new Statement(connection, "SELECT count(*) FROM sqlite_master").Scalar() > 0)
            {
                throw new StoreException(StoreErrorCode.Damaged, DamagedMessage(path), path);
            }

            if (length is > 0 and <= CheckedWhole && !IsSound(connection)) throw new StoreException(StoreErrorCode.Damaged, DamagedMessage(path), path);

            new Statement(connection, "PRAGMA journal_mode = WAL").Query().Dispose();
            new Statement(connection, "PRAGMA synchronous = NORMAL").Run();
            if (version == 0)
            {
                new Statement(connection, $"BEGIN IMMEDIATE; {Schema.Create} PRAGMA user_version = {Schema.Version}; COMMIT").Run();
            }
            else if (version < Schema.Version)
            {
                var upgrades = string.Join(' ', Schema.Upgrades.Skip((int)version - 1));
                new Statement(connection, $"BEGIN IMMEDIATE; {upgrades} PRAGMA user_version = {Schema.Version}; COMMIT").Run();
            }

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
        new Statement(connection, "PRAGMA query_only = 1").Run();
        return connection;
    }

    public static StoreException Translate(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        Corrupt or NotADatabase => new(StoreErrorCode.Damaged, DamagedMessage(path), path, e),
        CannotOpen or ReadOnly or PermissionDenied => new(StoreErrorCode.Unwritable, $"{path} cannot be written: change its permissions, or use another store", path, e),
        Full => new(StoreErrorCode.NoSpace, $"the disk is full at {path}: make room and run it again; what was fetched is kept", path, e),
        _ => new(StoreErrorCode.DiskFailed, $"{path} could not be used (SQLite error {e.SqliteErrorCode}): check the disk", path, e),
    };

    private static string DamagedMessage(string path) =>
        $"{path} is damaged: move it away and run it again; files shared or downloaded are untouched, and are proven anew when they are shared or got again";

    private static bool IsSound(SqliteConnection connection)
    {
        using var rows = new Statement(connection, "PRAGMA quick_check(1)").Query();
        return rows.Read() && rows.GetString(0) == "ok";
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
