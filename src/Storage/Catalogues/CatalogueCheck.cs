using Microsoft.Data.Sqlite;

namespace Shoal.Storage.Catalogues;

/// <summary>Checks every page of a large catalogue on a thread and a connection of its own, and says if one is bad. Disposing ends it early.</summary>
internal sealed class CatalogueCheck : IDisposable
{
    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly Action<StoreException> _damaged;
    private readonly Thread _thread;
    private volatile bool _stopping;

    public CatalogueCheck(string path, Action<StoreException> damaged)
    {
        (_path, _damaged) = (path, damaged);
        _connection = CatalogueFile.OpenForReading(path);
        _thread = new Thread(Run) { IsBackground = true, Name = "shoal catalogue check" };
        _thread.Start();
    }

    public void Dispose()
    {
        _stopping = true;
        while (!_thread.Join(10)) SQLitePCL.raw.sqlite3_interrupt(_connection.Handle); // again, since one that comes before the statement begins is lost
        _connection.Dispose();
    }

    private void Run()
    {
        StoreException? trouble = null;
        try
        {
            if (!CatalogueFile.IsSound(_connection)) trouble = CatalogueFile.Damaged(_path);
        }
        catch (SqliteException e)
        {
            trouble = CatalogueFile.Translate(e, _path);
        }

        if (!_stopping && trouble is { Code: StoreErrorCode.Damaged }) _damaged(trouble);
    }
}
