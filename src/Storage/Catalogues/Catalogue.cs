using Microsoft.Data.Sqlite;
using Shoal.Storage.Records;

namespace Shoal.Storage.Catalogues;

/// <summary>
/// What is held and where, in SQLite. One thread writes: everything that came since the last transaction goes into the next, so
/// a burst costs one commit. A commit survives the death of the process; what it says is true because bytes are proven before.
/// </summary>
internal sealed class Catalogue : IDisposable
{
    private const int MaxWaiting = 1024;

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly CatalogueWriter _writer;
    private readonly CatalogueCheck? _check;
    private readonly TimeSpan _interval;
    private readonly Action<StoreException> _failed;
    private readonly ITimer _timer;
    private readonly Thread _thread;
    private readonly SemaphoreSlim _room = new(MaxWaiting);
    private readonly object _gate = new();
    private List<Command> _commands = [];
    private HashSet<ICommitSource> _touched = [];
    private bool _due, _committing, _stopping, _abandoned;
    private long _commits, _flushedCommits, _flushedLog;

    /// <param name="checksWhole">Whether also a large file is checked, beside the work: the last process died.</param>
    /// <param name="failed">Told of a transaction that is to be tried again, and of damage.</param>
    /// <param name="prepare">Runs in a transaction of its own before anybody else is let in.</param>
    public Catalogue(string path, TimeSpan interval, TimeProvider clock, bool checksWhole, Action<StoreException> failed, Action<Catalogue, CatalogueWriter> prepare)
    {
        (_path, _interval, _failed) = (path, interval, failed);
        _connection = CatalogueFile.Open(path);
        try
        {
            Read = new CatalogueReader(CatalogueFile.OpenForReading(path), Failed);
            Records = new RecordReader(CatalogueFile.OpenForReading(path), Failed);
            _writer = new CatalogueWriter(_connection);
            _writer.Begin();
            prepare(this, _writer);
            _writer.Commit();
            if (checksWhole && CatalogueFile.IsLarge(path)) _check = new CatalogueCheck(path, failed);
        }
        catch (Exception e)
        {
            _writer?.Dispose();
            Read?.Dispose();
            Records?.Dispose();
            _connection.Dispose();
            throw e is SqliteException sqlite ? CatalogueFile.Translate(sqlite, path) : e;
        }

        _timer = clock.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _thread = new Thread(Loop) { IsBackground = true, Name = "shoal catalogue" };
        _thread.Start();
    }

    public CatalogueReader Read { get; }

    public RecordReader Records { get; }

    /// <summary>Writes with the next transaction, which begins at once; ends when that is committed.</summary>
    public async Task<T> WriteAsync<T>(Func<CatalogueWriter, T> write, CancellationToken ct)
    {
        await _room.WaitAsync(ct);
        var command = new Command<T>(write);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _commands.Add(command);
            Monitor.Pulse(_gate);
        }

        return await command.Task;
    }

    public Task WriteAsync(Action<CatalogueWriter> write, CancellationToken ct) => WriteAsync<object?>(
        writer =>
        {
            write(writer);
            return null;
        },
        ct);

    /// <summary>How much of the log was on the medium when it was flushed last. Bytes; 0 if it was not since the catalogue was opened.</summary>
    public long FlushedLog => Interlocked.Read(ref _flushedLog);

    /// <summary>Commits what waits and brings all commits to the medium, also one that is under way; nothing if none came since the last time.</summary>
    public async Task FlushAsync()
    {
        lock (_gate)
        {
            if (_touched.Count == 0 && !_committing && _commits == _flushedCommits) return;
        }

        var commits = await WriteAsync(_ => _commits, CancellationToken.None);
        var length = CatalogueFile.FlushLog(_path);
        lock (_gate) _flushedCommits = Math.Max(_flushedCommits, commits + 1);
        Interlocked.Exchange(ref _flushedLog, length);
    }

    /// <summary>Saves a source within the commit interval.</summary>
    public void Touch(ICommitSource source)
    {
        lock (_gate)
        {
            if (_stopping) return;
            if (_touched.Add(source) && _touched.Count == 1) _timer.Change(_interval, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Commits what waits, and closes.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_stopping) return;
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        _check?.Dispose();
        _thread.Join();
        _timer.Dispose();
        _writer.Dispose();
        Read.Dispose();
        Records.Dispose();
        _connection.Dispose();
    }

    /// <summary>Closes as if the process had died: what waits is not committed.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _abandoned = true;
            _commands.Clear();
            _touched.Clear();
        }

        Dispose();
    }

    private void Wake()
    {
        lock (_gate)
        {
            _due = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Loop()
    {
        while (true)
        {
            List<Command> commands;
            HashSet<ICommitSource> touched;
            lock (_gate)
            {
                _committing = false;
                while (!_stopping && !_due && _commands.Count == 0) Monitor.Wait(_gate);
                if (_abandoned || (_stopping && _commands.Count == 0 && _touched.Count == 0)) return;

                (commands, _commands) = (_commands, []);
                (touched, _touched) = (_touched, []);
                (_due, _committing) = (false, true);
            }

            Commit(commands, touched);
        }
    }

    private void Commit(List<Command> commands, HashSet<ICommitSource> touched)
    {
        StoreException? failure = null;
        try
        {
            _writer.Begin();
            foreach (var source in touched) source.Save(_writer);
            foreach (var command in commands) command.Run(_writer);
            _writer.Commit();
            _commits++;
        }
        catch (SqliteException e)
        {
            _writer.RollBack();
            failure = CatalogueFile.Translate(e, _path);
        }

        foreach (var source in touched) source.Saved(failure is null);
        foreach (var command in commands) command.End(failure);
        if (commands.Count > 0) _room.Release(commands.Count);
        if (failure is null || (touched.Count == 0 && failure.Code != StoreErrorCode.Damaged)) return;

        _failed(failure);
        foreach (var source in touched) Touch(source);
    }

    private StoreException Failed(SqliteException e)
    {
        var failure = CatalogueFile.Translate(e, _path);
        if (failure.Code == StoreErrorCode.Damaged) _failed(failure);
        return failure;
    }

    private abstract class Command
    {
        public abstract void Run(CatalogueWriter writer);

        public abstract void End(StoreException? failure);
    }

    private sealed class Command<T>(Func<CatalogueWriter, T> write) : Command
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        public Task<T> Task => _done.Task;

        public override void Run(CatalogueWriter writer) => _result = write(writer);

        public override void End(StoreException? failure)
        {
            if (failure is null) _done.SetResult(_result);
            else _done.SetException(failure);
        }
    }
}
