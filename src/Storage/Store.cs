using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Downloads;
using Shoal.Storage.Records;
using Shoal.Storage.Runs;
using Shoal.Storage.Sharing;
using Shoal.Storage.Space;
using Shoal.Storage.Workers;

namespace Shoal.Storage;

/// <summary>
/// The room's entry: the catalogue of what is held, and the content itself, served from where it lies. One process at a time.
/// Invariant: what the catalogue says is there was proven and is in its place; bytes are written, proven, and only then entered.
/// Any thread may call; work runs on storage workers and one catalogue writer, and callers wait when those are busy. BEP 52.
/// </summary>
public sealed class Store : IAsyncDisposable
{
    private const int MaxUntold = 16;

    private readonly StoreContext _context;
    private readonly IDisposable _lock;
    private readonly CopyIndex _index;
    private readonly OpenCopies _copies;
    private readonly RunIndex _runs;
    private readonly HashedBuffer _hashed;
    private readonly KeyedGate<InfoHash> _downloads = new();
    private readonly Uses _uses;
    private readonly Ledger _ledger;
    private readonly string _ownFolder;
    private readonly SemaphoreSlim _quotaGate = new(1); // with a quota, downloads begin one at a time
    private readonly ITimer _flushTimer;
    private readonly StoreMark _mark;
    private readonly Lock _warnLock = new();
    private readonly List<StoreWarning> _untold = [];
    private Action<StoreWarning>? _warned;
    private Task _flushing = Task.CompletedTask;
    private int _isDisposed;

    private Store(StoreOptions options, IDisk disk, TimeProvider clock, IBoot boot, ILogger logger, IDisposable held)
    {
        _lock = held;
        _mark = new StoreMark(disk, Path.Join(options.Path, "state"), boot.Id);
        var folder = new RecordFolder(disk, Path.Join(options.Path, "torrents"));
        var opening = new StoreOpening(options, disk, clock, _mark, folder, CatalogueFailed);
        var catalogue = opening.Run();
        var workers = new StorageWorkers(options.Workers, options.QueueLength);
        _context = new StoreContext(options, disk, clock, boot, logger, workers, catalogue, new TorrentRecords(folder, catalogue, workers), Warn);
        var isOpen = false;
        try
        {
            _mark.Opened();
            _index = new CopyIndex(catalogue.Read.List());
            _copies = new OpenCopies(_context, _index);
            _uses = new Uses(catalogue, clock);
            _ledger = new Ledger(_context, _index, _copies, catalogue.Read.Setting(QuotaSetting));
            isOpen = true;
        }
        finally
        {
            if (!isOpen) Close(abandoned: true);
        }

        _runs = new RunIndex(_context, _index, _copies);
        _hashed = new HashedBuffer(catalogue);
        _ownFolder = Path.Join(options.Path, OwnFolderName);
        _flushTimer = clock.CreateTimer(_ => Flush(), null, options.FlushInterval, options.FlushInterval);
        if (opening.Finding is { } finding) _context.Warn(finding);
        if (opening.Unrecorded.Count > 0) _context.Track(RecordAsync(() => _context.Records.SaveMissingAsync(opening.Unrecorded, _context.Stopping.Token)));
    }

    private const string QuotaSetting = "quota", OwnFolderName = "copies";

    /// <summary>Something an operator should know. Raised on a thread of the store; must return quickly. What came while nobody listened is told to the first who does.</summary>
    public event Action<StoreWarning>? Warned
    {
        add
        {
            List<StoreWarning> untold;
            lock (_warnLock)
            {
                _warned += value;
                untold = [.. _untold];
                _untold.Clear();
            }

            foreach (var warning in untold) value?.Invoke(warning);
        }

        remove
        {
            lock (_warnLock) _warned -= value;
        }
    }

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
    public async Task SetTrackersAsync(InfoHash id, IReadOnlyList<IReadOnlyList<string>> tiers, CancellationToken ct)
    {
        await _context.Catalogue.WriteAsync(writer => writer.SetTrackers(id, tiers), ct);
        await _context.Records.SaveAsync(id, ct);
    }

    /// <summary>Hashes a file or folder where it lies and enters it. What was hashed before and has not changed is not read again.</summary>
    public Task<ShareResult> ShareAsync(string path, ShareSettings settings, IProgress<HashProgress>? progress, CancellationToken ct) =>
        new Sharer(_context, _index, _copies, _hashed, Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), settings,
            settings.Copy ? (info, layers, sources, stop) => CopyAsync(info, layers, sources, progress, stop) : null).RunAsync(progress, ct);

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
        var isLimited = Quota is not null;
        if (isLimited) await _quotaGate.WaitAsync(ct);
        try
        {
            return await new DownloadStart(_context, _index, _copies, _runs, _ledger, info, layers, layout, settings).RunAsync(progress, ct);
        }
        finally
        {
            if (isLimited) _quotaGate.Release();
        }
    }

    /// <summary>Proves again everything that a copy has. Pieces that are bad are absent from then on.</summary>
    public async Task<VerifyResult> VerifyAsync(StoredTorrent torrent, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        await using var content = await _copies.OpenAsync(torrent, ct);
        return await new Verification(_context, content).RunAsync(progress, ct);
    }

    /// <summary>
    /// Accepts that a copy stands at another place, once all of the torrent was proven there. Whoever has it open goes on from there. Moves and changes no file.
    /// </summary>
    /// <exception cref="StoreException">It is not there, or not all of it; or that place is the store's own, or a copy of it stands there already.</exception>
    public async Task<StoredTorrent> RelocateAsync(StoredTorrent torrent, string path, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (IsOwn(torrent)) throw new StoreException(StoreErrorCode.TargetHoldsOtherContent, $"{torrent.Name} is the store's own copy, at {torrent.Path}: it stays in the store; share {path} to serve it from there", path);
        if (RealPaths.IsBelow(path, _context.Options.Path)) throw new StoreException(StoreErrorCode.TargetHoldsOtherContent, $"{path} is within the store, which keeps its own files there: move it elsewhere", path);

        using var pass = await _downloads.EnterAsync(torrent.Id, ct);
        if (_index.Find(torrent.Id.Truncated).Exists(t => t.Id == torrent.Id && t.CopyId != torrent.CopyId && t.Path == path))
            throw new StoreException(StoreErrorCode.TargetHoldsOtherContent, $"{torrent.Name} is held at {path} already, as a copy of its own: remove the one that is gone", path);

        await using var content = await _copies.OpenAsync(torrent, ct);
        return await new Relocation(_context, _index, content, path).RunAsync(progress, ct);
    }

    /// <summary>Whether it is kept whatever room is needed.</summary>
    public bool IsPinned(InfoHash id) => _uses.IsPinned(id);

    public async Task PinAsync(InfoHash id, bool isPinned, CancellationToken ct)
    {
        await _uses.PinAsync(id, isPinned, ct);
        await _context.Records.SaveAsync(id, ct);
    }

    /// <summary>When a copy was last read or written, to the minute after a crash; when it came, if never.</summary>
    public DateTimeOffset LastUsed(StoredTorrent torrent) => _uses.Find(torrent.CopyId) is { } use ? DateTimeOffset.FromUnixTimeMilliseconds(use.Used) : torrent.Added;

    /// <summary>How many others were last known to have all of it, and when; null while nobody has said.</summary>
    public (int Count, DateTimeOffset At)? Others(StoredTorrent torrent) =>
        _uses.Find(torrent.CopyId) is { Others: { } others, Counted: { } at } ? (others, DateTimeOffset.FromUnixTimeMilliseconds(at)) : null;

    public void CountOthers(StoredTorrent torrent, int others) => _uses.Count(torrent.CopyId, others, torrent.Added.ToUnixTimeMilliseconds());

    /// <summary>Bytes that the store may bring here; null for no limit. Remembered.</summary>
    public long? Quota => _ledger.Quota;

    public async Task SetQuotaAsync(long? bytes, CancellationToken ct)
    {
        await _context.Catalogue.WriteAsync(writer => writer.SetSetting(QuotaSetting, bytes), ct);
        _ledger.Quota = bytes;
    }

    /// <summary>Bytes that the store brought here: downloads and its own copies, not the user's files.</summary>
    public long BroughtBytes() => _ledger.Total();

    /// <summary>The same of one copy: what removing it with its files frees.</summary>
    public long BroughtBytes(StoredTorrent torrent) => _ledger.Of(torrent);

    /// <summary>What every copy takes, and all of them with what several have counted once. Takes a moment for very many.</summary>
    public StoreUsage Measure(CancellationToken ct) => new Accounting(_index, ReadCopy, Current, _ledger).Run(ct);

    /// <summary>Whether it is a copy that the store made for itself.</summary>
    public bool IsOwn(StoredTorrent torrent) => RealPaths.IsBelow(torrent.Path, _ownFolder);

    /// <summary>
    /// Forgets a copy. Its content must not be in use. Deletes what was downloaded, or copied into the store, if asked to; a shared source never. Nothing is present before
    /// the first file goes, and the copy is known until the last has: a removal cut short can be done again.
    /// </summary>
    /// <exception cref="StoreException">Some of it could not be deleted: the copy is still held, with nothing present.</exception>
    public async Task RemoveAsync(StoredTorrent torrent, bool deleteFiles, CancellationToken ct)
    {
        var info = ReadInfo(torrent);
        if (deleteFiles && !torrent.IsShared) await (await _copies.OpenAsync(torrent, ct)).DisposeAsync(); // what is not proven to be the download's is not deleted

        var places = _copies.Peek(torrent.CopyId)?.State.CopyPlaces() ?? _context.Catalogue.Read.Copy(torrent.CopyId)?.Places ?? throw NotHeld(torrent);
        if (_copies.Remove(torrent.CopyId) is { } open)
        {
            open.IsRemoved = true;
            _context.Files.CloseAll(open);
        }

        if (!torrent.IsShared && (deleteFiles || IsOwn(torrent)))
        {
            var pieces = info.Geometry.PieceCount;
            await _context.Catalogue.WriteAsync(writer => writer.SetState(torrent.CopyId, new CopyState(false, 0, null, new Bitfield(pieces), new Bitfield(pieces))), ct);
            _index.Set(torrent = torrent with { Have = 0, IsComplete = false });
            var others = _index.List().FindAll(o => o.CopyId != torrent.CopyId);
            var disk = _context.Disk.Within(Path.GetDirectoryName(torrent.Path) ?? torrent.Path);
            await _context.Workers.RunAsync(_ => new Removal(disk, torrent, info, places, others) { OwnFolder = IsOwn(torrent) ? Path.GetDirectoryName(torrent.Path) : null }.Run(), ct);
        }

        await _context.Records.ChangeAsync(torrent.Id, torrent.CopyId, () => _context.Catalogue.WriteAsync(writer => writer.RemoveCopy(torrent.CopyId, info), ct), ct);
        if (!torrent.IsShared) await FlushCatalogueAsync(); // else what is fetched there anew could be taken for what was, after a power cut
        _index.Remove(torrent);
        _uses.Forget(torrent.Id, torrent.CopyId, isLast: !_index.Find(torrent.Id.Truncated).Exists(t => t.Id == torrent.Id));
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
        _uses.SaveAll();
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
            if (content.TakeUse()) _uses.Use(content.Torrent.CopyId);
            await content.FlushAsync();
        }

        await RecordAsync(async () =>
        {
            foreach (var content in _copies.All()) await content.SaveRecordAsync(CancellationToken.None);
        });
        _copies.Sweep();
        await FlushCatalogueAsync();
    }

    /// <summary>How much of the catalogue's log a power cut cannot take. Bytes.</summary>
    internal long FlushedLog => _context.Catalogue.FlushedLog;

    /// <summary>Ends when nothing runs that nobody waits for.</summary>
    internal Task FinishBackgroundAsync() => _context.BackgroundAsync();

    private async Task<StoredTorrent> CopyAsync(TorrentInfo info, PieceLayers layers, IReadOnlyList<SourceFile> sources, IProgress<HashProgress>? progress, CancellationToken ct)
    {
        var folder = Path.Join(_ownFolder, info.InfoHash.ToString());
        await using var content = await BeginDownloadAsync(info, layers, folder, new DownloadSettings { Overwrite = true, Sources = sources }, progress, ct);
        if (!content.CopyPresent().IsFull)
            throw new StoreException(StoreErrorCode.ChangedWhileHashing, $"{info.Name} changes while it is being copied: share it once it holds still", folder);

        await content.CompleteAsync(ct);
        return OpenCopies.Describe(content);
    }

    private void Flush()
    {
        if (_flushing.IsCompleted && _isDisposed == 0) _context.Track(_flushing = FlushAsync());
    }

    /// <summary>Enters what waits, and brings every commit so far to the medium.</summary>
    private async Task FlushCatalogueAsync()
    {
        try
        {
            await _context.Catalogue.FlushAsync();
        }
        catch (StoreException e)
        {
            _context.Warn(new StoreWarning(StoreWarningKind.FlushFailed, e.Path ?? "", null, e.Message));
        }
        catch (ObjectDisposedException)
        {
            // the store is being let go, which flushes it as well
        }
    }

    /// <summary>Writes records, and brings those written before to the medium.</summary>
    private async Task RecordAsync(Func<Task> write)
    {
        try
        {
            await write();
            await _context.Records.FlushAsync();
        }
        catch (Exception e) when (e is StoreException || DiskErrors.IsDisk(e))
        {
            var folder = _context.Records.Folder.Path;
            _context.Warn(new StoreWarning(StoreWarningKind.RecordFailed, folder, null, $"{folder} could not be written: check the disk; it is tried again"));
        }
        catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
        {
            // the store is being let go; the next start writes what is missing
        }
    }

    private void Close(bool abandoned)
    {
        _context.Workers.Dispose();
        Mark(_mark.Closing); // if it cannot be written, the next start proves more than it would have to
        if (abandoned) _context.Catalogue.Abandon();
        else _context.Catalogue.Dispose();
        _context.Dispose();
        _lock.Dispose();
    }

    private void Mark(Action write)
    {
        try
        {
            write();
        }
        catch (StoreException e)
        {
            Warn(new StoreWarning(StoreWarningKind.CommitFailed, e.Path ?? "", null, e.Message));
        }
    }

    private void CatalogueFailed(StoreException e)
    {
        if (e.Code == StoreErrorCode.Damaged) Mark(_mark.Spoilt);
        Warn(new StoreWarning(e.Code == StoreErrorCode.Damaged ? StoreWarningKind.CatalogueDamaged : StoreWarningKind.CommitFailed, e.Path ?? "", null, e.Message));
    }

    private void Warn(StoreWarning warning)
    {
        Action<StoreWarning>? warned;
        lock (_warnLock)
        {
            warned = _warned;
            if (warned is null && _untold.Count < MaxUntold) _untold.Add(warning);
        }

        warned?.Invoke(warning);
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
