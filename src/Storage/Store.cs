using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Downloads;
using Shoal.Storage.Runs;
using Shoal.Storage.Sharing;
using Shoal.Storage.Workers;

namespace Shoal.Storage;

/// <summary>
/// The room's entry: the catalogue of what is held, and the content itself, served from where it lies. One process at a time.
/// Invariant: what the catalogue says is there was proven and is in its place; bytes are written, proven, and only then entered.
/// Any thread may call; work runs on storage workers and one catalogue writer, and callers wait when those are busy. BEP 52.
/// </summary>
public sealed class Store : IAsyncDisposable
{
    private readonly StoreContext _context;
    private readonly IDisposable _lock;
    private readonly CopyIndex _index;
    private readonly OpenCopies _copies;
    private readonly RunIndex _runs;
    private readonly HashedBuffer _hashed;
    private readonly KeyedGate<InfoHash> _downloads = new();
    private readonly ITimer _flushTimer;
    private Task _flushing = Task.CompletedTask;
    private int _isDisposed;

    private Store(StoreOptions options, IDisk disk, TimeProvider clock, IBoot boot, ILogger logger, IDisposable held)
    {
        _lock = held;
        var catalogue = new Catalogue(
            Path.Join(options.Path, "catalogue.db"), options.CommitInterval, clock, e => _context!.Warn(new StoreWarning(StoreWarningKind.CommitFailed, e.Path ?? "", null, e.Message)));
        _context = new StoreContext(options, disk, clock, boot, logger, new StorageWorkers(options.Workers, options.QueueLength), catalogue, w => Warned?.Invoke(w));
        _index = new CopyIndex(catalogue.Read.List());
        _copies = new OpenCopies(_context, _index);
        _runs = new RunIndex(_context, _index, _copies);
        _hashed = new HashedBuffer(catalogue);
        _flushTimer = clock.CreateTimer(_ => Flush(), null, options.FlushInterval, options.FlushInterval);
    }

    /// <summary>Something an operator should know. Raised on a thread of the store; must return quickly.</summary>
    public event Action<StoreWarning>? Warned;

    /// <exception cref="StoreException">In use, newer, damaged or unwritable.</exception>
    public static Store Open(StoreOptions options, IDisk disk, TimeProvider clock, ILogger logger) => Open(options, disk, clock, new RealBoot(clock), logger);

    /// <inheritdoc cref="Open(StoreOptions, IDisk, TimeProvider, ILogger)"/>
    public static Store Open(StoreOptions options, IDisk disk, TimeProvider clock, IBoot boot, ILogger logger)
    {
        options.Check();
        options = options with { Path = Path.GetFullPath(options.Path) };
        IDisposable? held;
        try
        {
            disk.CreateFolder(options.Path);
            held = disk.TryLock(Path.Join(options.Path, "lock"));
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Writing(e, options.Path);
        }

        if (held is null) throw new StoreException(StoreErrorCode.InUse, $"another process uses the store {options.Path}: stop it, or use another store", options.Path);

        var opened = false;
        try
        {
            var store = new Store(options, disk, clock, boot, logger, held);
            opened = true;
            return store;
        }
        finally
        {
            if (!opened) held.Dispose();
        }
    }

    /// <summary>Every torrent held, one entry for each copy, in the order they came.</summary>
    public IReadOnlyList<StoredTorrent> List() => _index.List().ConvertAll(Current);

    /// <summary>The best copy of a torrent: a complete one before one in part. A hybrid is found by either of its names.</summary>
    public StoredTorrent? Find(InfoHash id) => Best(_index.Find(id.Truncated).FindAll(t => id.IsV1 ? t.IdV1 == id.Truncated : t.Id == id));

    /// <summary>Every copy of a torrent.</summary>
    public IReadOnlyList<StoredTorrent> FindCopies(InfoHash id) => _index.Find(id.Truncated).FindAll(t => id.IsV1 ? t.IdV1 == id.Truncated : t.Id == id).ConvertAll(Current);

    public StoredTorrent? Find(Hash160 truncated) => Best(_index.Find(truncated));

    /// <summary>Where files with that name and length lie, in any torrent.</summary>
    public IReadOnlyList<StoredFile> FindFiles(FileId id, long length)
    {
        var files = new List<StoredFile>();
        foreach (var row in _context.Catalogue.Read.Files(id, length))
        {
            if (_index.Find(row.Copy) is not { } torrent || ReadCopy(torrent) is not var (info, state) || (uint)row.File.Value >= (uint)info.Files.Count) continue;

            var layout = new DiskLayout(info, torrent.Path);
            var path = state.IsPlaced(row.File) ? layout.Final(row.File) : layout.Staged(row.File);
            files.Add(new StoredFile(Current(torrent), row.File, id, length, path, state.IsWhole(row.File)));
        }

        return files;
    }

    /// <summary>
    /// Every place, in any copy, of the file or chunk with that ID, whatever its length: at most some hundreds. A chunk is found at its torrent's piece length and at every larger one. The
    /// catalogue has an index by ID, so it costs the same however much is held; the info dictionary of a torrent not asked about of late is read for it.
    /// </summary>
    public IReadOnlyList<StoredRun> FindRuns(Hash256 id) => _runs.Find(id, null);

    /// <summary>The same of that length alone: an ID proves nothing about it.</summary>
    public IReadOnlyList<StoredRun> FindRuns(Hash256 id, long length) => _runs.Find(id, length);

    /// <summary>The same by the first 20 bytes of the ID; and files whose canonical torrent's infohash begins so, those of private torrents left out.</summary>
    public IReadOnlyList<StoredRun> FindRuns(Hash160 key) => _runs.Find(key);

    /// <summary>
    /// Opens a run to serve it as its canonical torrent. Where the best copy has it whole, that is used alone; else up to eight copies of it are, and a piece is present if any has it.
    /// </summary>
    /// <param name="canonical">One file, of the run's length and root.</param>
    /// <exception cref="StoreException">No copy has it any more.</exception>
    public Task<FileView> OpenRunAsync(StoredRun run, TorrentInfo canonical, CancellationToken ct) => new RunOpening(_context, _index, _copies, _runs).OpenAsync(run, canonical, ct);

    /// <summary>The pieces root of a run by itself: its ID, but for a chunk at the end of a file, whose bytes are read.</summary>
    /// <returns>Null if they are not there.</returns>
    public Task<FileId?> ReadRootAsync(StoredRun run, CancellationToken ct) => new RunOpening(_context, _index, _copies, _runs).ReadRootAsync(run, ct);

    /// <summary>The info dictionary of a torrent held, without opening its content.</summary>
    public TorrentInfo ReadInfo(StoredTorrent torrent) => _copies.Peek(torrent.CopyId)?.Info ?? _context.Catalogue.Read.Info(torrent.CopyId) ?? throw NotHeld(torrent);

    /// <summary>The announce URLs of a torrent held, by tier (BEP 12); none if it has none.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Trackers(InfoHash id) => _context.Catalogue.Read.Trackers(id);

    /// <summary>Remembers the announce URLs of a torrent held, in place of those it had; of one that is not, nothing.</summary>
    public Task SetTrackersAsync(InfoHash id, IReadOnlyList<IReadOnlyList<string>> tiers, CancellationToken ct) =>
        _context.Catalogue.WriteAsync(writer => writer.SetTrackers(id, tiers), ct);

    /// <summary>Hashes a file or folder where it lies and enters it. What was hashed before and has not changed is not read again.</summary>
    public Task<ShareResult> ShareAsync(string path, ShareSettings settings, IProgress<HashProgress>? progress, CancellationToken ct) =>
        new Sharer(_context, _index, _copies, _hashed, Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), settings).RunAsync(progress, ct);

    /// <summary>Opens a copy to serve it. Every open is ended by a dispose; all of one copy share one object.</summary>
    public Task<TorrentContent> OpenAsync(StoredTorrent torrent, CancellationToken ct) => _copies.OpenAsync(torrent, ct);

    /// <summary>
    /// Begins a download, or goes on with one. What stands at the target is proven first, and what the store has elsewhere is copied; both count as reused.
    /// From then on the content's own layers are the ones to use.
    /// </summary>
    /// <exception cref="StoreException">Before anything was changed, if the target holds other content, there is no room, or names collide.</exception>
    public async Task<TorrentContent> BeginDownloadAsync(
        TorrentInfo info, PieceLayers layers, string folder, DownloadSettings settings, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        using var pass = await _downloads.EnterAsync(info.InfoHash, ct);
        var layout = DiskLayout.ForDownload(info, Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), settings.Name);
        return await new DownloadStart(_context, _index, _copies, _runs, info, layers, layout, settings).RunAsync(progress, ct);
    }

    /// <summary>Proves again everything that a copy has. Pieces that are bad are absent from then on.</summary>
    public async Task<VerifyResult> VerifyAsync(StoredTorrent torrent, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        await using var content = await _copies.OpenAsync(torrent, ct);
        return await new Verification(_context, content).RunAsync(progress, ct);
    }

    /// <summary>Forgets a copy. Its content must not be in use. Deletes what was downloaded if asked to, a shared source never.</summary>
    public async Task RemoveAsync(StoredTorrent torrent, bool deleteFiles, CancellationToken ct)
    {
        var info = ReadInfo(torrent);
        var places = _copies.Peek(torrent.CopyId)?.State.CopyPlaces() ?? _context.Catalogue.Read.Copy(torrent.CopyId)?.Places ?? throw NotHeld(torrent);
        if (_copies.Remove(torrent.CopyId) is { } open)
        {
            open.IsRemoved = true;
            _context.Files.CloseAll(open);
        }

        await _context.Catalogue.WriteAsync(writer => writer.RemoveCopy(torrent.CopyId, info), ct);
        _index.Remove(torrent);
        if (!deleteFiles || torrent.IsShared) return;

        var others = _index.List();
        await _context.Workers.RunAsync(_ => new Removal(_context.Disk, torrent, info, places, others).Run(), ct);
    }

    /// <summary>Waits for work under way, brings everything to the medium, enters it, and lets the store go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;

        await _flushTimer.DisposeAsync();
        await _context.Stopping.CancelAsync();
        await _context.BackgroundAsync();
        await _flushing;
        await FlushAsync();
        Close(abandoned: false);
    }

    /// <summary>Ends as if the process had died: nothing more is flushed or entered.</summary>
    internal async Task AbandonAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;

        await _flushTimer.DisposeAsync();
        await _context.Stopping.CancelAsync();
        Close(abandoned: true);
    }

    /// <summary>Brings to the medium what was written until now.</summary>
    internal async Task FlushAsync()
    {
        foreach (var content in _copies.All())
        {
            if (!content.State.IsSettled) await _context.Workers.RunAsync(_ => content.Flush(), CancellationToken.None);
        }

        _copies.Sweep();
    }

    /// <summary>Ends when nothing runs that nobody waits for.</summary>
    internal Task FinishBackgroundAsync() => _context.BackgroundAsync();

    private void Flush()
    {
        if (_flushing.IsCompleted && _isDisposed == 0) _context.Track(_flushing = FlushAsync());
    }

    private void Close(bool abandoned)
    {
        _context.Workers.Dispose();
        if (abandoned) _context.Catalogue.Abandon();
        else _context.Catalogue.Dispose();
        _context.Dispose();
        _lock.Dispose();
    }

    private StoredTorrent Current(StoredTorrent torrent) => _copies.Peek(torrent.CopyId) is { } open ? OpenCopies.Describe(open) : torrent;

    private StoredTorrent? Best(List<StoredTorrent> copies) => copies.ConvertAll(Current).OrderByDescending(c => c.IsComplete).ThenByDescending(c => c.Have).FirstOrDefault();

    private (TorrentInfo Info, ContentState State)? ReadCopy(StoredTorrent torrent)
    {
        if (_copies.Peek(torrent.CopyId) is { } open) return (open.Info, open.State);

        return _context.Catalogue.Read.Copy(torrent.CopyId) is { } row ? (row.Info, new ContentState(row.Info, _context.BootId, row.State, row.Places)) : null;
    }

    private static StoreException NotHeld(StoredTorrent torrent) => new(StoreErrorCode.NotHeld, $"{torrent.Name} is not in the store any more", torrent.Path);
}
