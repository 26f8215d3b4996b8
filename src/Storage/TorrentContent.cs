using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage;

/// <summary>
/// One open copy of a torrent on disk. A piece is absent until its bytes are proven and written, then present until its file is found changed.
/// Any thread may call; reads and writes run on storage workers.
/// </summary>
public sealed class TorrentContent : ISwarmContent, ICommitSource
{
    private readonly StoreContext _context;
    private readonly Action<TorrentContent> _closed;
    private readonly Lock _layersLock = new();
    private readonly SemaphoreSlim _flushGate = new(1); // never asked for a handle, so there is nothing to dispose of
    private bool _isRecordOld;
    private List<FileIndex> _newLayers = [];
    private List<FileIndex> _savingLayers = [];
    private CopyPlaces? _savingPlaces;
    private readonly PartialPieces _partial;
    private long _version, _savingVersion, _savedVersion, _reused;
    private volatile bool _isUsed;
    private volatile StoredTorrent _torrent;
    private volatile DiskLayout _layout;
    private volatile IDisk _disk;

    internal TorrentContent(StoreContext context, StoredTorrent torrent, CopyRow row, Action<TorrentContent> closed)
    {
        (_context, _closed) = (context, closed);
        _torrent = torrent;
        Info = row.Info;
        Layers = row.Layers;
        _layout = new DiskLayout(row.Info, torrent.Path);
        _disk = context.Disk.Within(_layout.Folder);
        State = new ContentState(row.Info, context.BootId, row.State, row.Places);
        _partial = new PartialPieces(context, this);
    }

    public TorrentInfo Info { get; }

    public PieceLayers Layers { get; }

    /// <summary>Bytes that need not be fetched: found at the target or elsewhere in the store, when the download began or when a piece layer came.</summary>
    public long ReusedBytes => Interlocked.Read(ref _reused);

    /// <summary>Absolute: the file, or the folder, as it stands or will stand.</summary>
    public string FinalPath => Layout.Root;

    /// <summary>Whether every piece is present and stands at its final name.</summary>
    public bool IsComplete => State.IsComplete;

    /// <summary>A piece that was present is not any more. Raised on a thread of the store; must return quickly.</summary>
    public event Action<PieceIndex>? Lost;

    /// <inheritdoc/>
    public event Action<PieceIndex>? Gained;

    internal StoredTorrent Torrent => _torrent;

    internal DiskLayout Layout => _layout;

    internal ContentState State { get; }

    /// <summary>For what is fetched: names that others chose lead nowhere but below the folder.</summary>
    internal IDisk Disk => _disk;

    internal bool Overwrites { get; set; }

    /// <summary>Looks for pieces of a file of a download elsewhere in the store; null where there is nothing to look in.</summary>
    internal Func<FileIndex, CancellationToken, Task>? FindMore { get; set; }

    internal bool IsRemoved { get; set; }

    /// <summary>Bytes that the store will have brought here for it when it is whole.</summary>
    internal long Reserved { get; set; }

    internal int Opens { get; set; }

    /// <summary>Whether everything is on the medium and in the catalogue, so that this object can go.</summary>
    internal bool IsSettled => State.IsSettled && Interlocked.Read(ref _version) == Interlocked.Read(ref _savedVersion);

    /// <summary>What is proven and in place now.</summary>
    public Bitfield CopyPresent() => State.CopyPresent();

    /// <summary>Reads a run of bytes of a present piece: one positioned read, on the caller's thread if that need not wait for the medium.</summary>
    /// <param name="destination">Lent until the task ends; its length is how much is read.</param>
    /// <returns>False if the piece is absent, or its file was found changed or gone.</returns>
    public ValueTask<bool> TryReadAsync(PieceIndex piece, int begin, Memory<byte> destination, CancellationToken ct)
    {
        if (!Info.Geometry.Contains(piece, begin, destination.Length)) throw new ArgumentOutOfRangeException(nameof(piece));
        if (!State.IsPresent(piece)) return new ValueTask<bool>(false);
        if (!_isUsed) _isUsed = true;
        if (TryReadNow(piece, begin, destination.Span)) return new ValueTask<bool>(true);

        var work = _context.Reads.Rent().Set(this, piece, begin, destination, ct);
        return _context.Workers.TryPost(work) ? work.Task : PostAsync(work, ct);
    }

    /// <summary>Proves a whole piece, writes it where it belongs and makes it present. Its layer must be known.</summary>
    /// <param name="data">Lent until the task ends.</param>
    public ValueTask<PutOutcome> PutAsync(PieceIndex piece, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)piece.Value, (uint)Info.Geometry.PieceCount, nameof(piece));
        if (!_isUsed) _isUsed = true;

        var work = _context.Puts.Rent().Set(this, piece, data, ct);
        return _context.Workers.TryPost(work) ? work.Task : PostAsync(work, ct);
    }

    /// <summary>Writes a run of a piece that is too large to be held whole: proven, if its leaf hashes are given. Nothing counts until <see cref="EnterAsync"/>.</summary>
    /// <param name="begin">In the piece; a multiple of 16 KiB.</param>
    /// <param name="data">Whole blocks but for the last of the piece; lent until the task ends.</param>
    /// <param name="leaves">Null, or those of the run are known.</param>
    public Task<PutOutcome> PutRunAsync(PieceIndex piece, int begin, ReadOnlyMemory<byte> data, PieceLeaves? leaves, CancellationToken ct)
    {
        if (!Info.Geometry.Contains(piece, begin, data.Length) || begin % TorrentGeometry.BlockLength != 0) throw new ArgumentOutOfRangeException(nameof(begin));

        return _context.Workers.RunAsync(scratch => _partial.Put(piece, begin, data.Span, leaves, scratch), ct);
    }

    /// <summary>Makes a piece present all of whose runs were put: what of it was not proven on the way is read back and proven first.</summary>
    public Task<PutOutcome> EnterAsync(PieceIndex piece, CancellationToken ct) => _partial.EnterAsync(piece, ct);

    /// <summary>The leaf hashes of a present piece.</summary>
    /// <param name="leaves">32 bytes for each block of the piece; lent until the task ends.</param>
    /// <returns>False as for a read, or if what was read is not the piece.</returns>
    public async ValueTask<bool> TryReadLeavesAsync(PieceIndex piece, Memory<byte> leaves, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(leaves.Length, Info.Geometry.BlockCountOf(piece) * Hash256.Length, nameof(leaves));
        if (!State.IsPresent(piece)) return false;

        return await _context.Workers.RunAsync(scratch => ReadLeaves(piece, leaves.Span, scratch), ct);
    }

    /// <summary>Says nothing beyond <see cref="Layers"/>: without a file's layer none of its hashes is known, of a download at least.</summary>
    public ValueTask<bool> TryReadNodesAsync(FileIndex file, int height, int index, Memory<byte> nodes, CancellationToken ct) => new(false);

    /// <summary>A file's piece layer became known: it is kept for the next run.</summary>
    public void LayersChanged(FileIndex file)
    {
        lock (_layersLock)
        {
            _newLayers.Add(file);
            _isRecordOld = true;
        }

        Touch();
        if (Layers.Missing == 0) _context.Track(TrySaveRecordAsync()); // else with the next flush, since each writes all of them
    }

    /// <summary>Whether the store may have pieces of a file whose layer just became known.</summary>
    public bool MayReuse(FileIndex file) => FindMore is not null && !State.IsWhole(file);

    /// <summary>Takes what the store has of a file from elsewhere, now that its layer is known. What is found is <see cref="Gained"/>.</summary>
    public async Task ReuseAsync(FileIndex file, CancellationToken ct)
    {
        if (FindMore is not { } find) return;

        var before = HaveOf(file);
        await find(file, ct);
        Interlocked.Add(ref _reused, HaveOf(file) - before);
    }

    internal void Reused(long bytes) => Interlocked.Exchange(ref _reused, bytes);

    private long HaveOf(FileIndex file) => Info.Geometry.PiecesOf(file).Where(State.IsPresent).Sum(p => (long)Info.Geometry.LengthOf(p, file));

    /// <summary>All pieces are present: makes empty files, links and executable bits, and moves everything to its name. What is done is entered when this returns.</summary>
    /// <returns>The final path.</returns>
    public Task<string> CompleteAsync(CancellationToken ct) => CompleteAsync(Selection.All(Info.Geometry), ct);

    /// <summary>
    /// The same for some of the files, whose pieces are present. The copy stays in part unless they were the last: bytes of other files that came with their pieces
    /// stay in staging and are served from there.
    /// </summary>
    /// <returns>The final path.</returns>
    public async Task<string> CompleteAsync(Selection only, CancellationToken ct)
    {
        if (State.IsComplete) return FinalPath;
        if (!only.IsIn(CopyPresent())) throw new InvalidOperationException("pieces are absent yet");

        await LearnLayersAsync(only, ct);
        await FlushAsync(ifBegun: true); // a name that comes through a power cut must not stand before bytes that do not, or what was flushed would go with it
        await _context.Workers.RunAsync(_ => new Completion(_context, this, only).Run(), ct);
        await SaveNowAsync(ct);
        await _context.Records.SaveAsync(Info.InfoHash, ct); // whatever an earlier run could not write any more
        return FinalPath;
    }

    /// <summary>A hybrid whose pieces were proven by SHA-1 alone has yet to show that both halves are the same content (BEP 52).</summary>
    private async Task LearnLayersAsync(Selection only, CancellationToken ct)
    {
        if (Layers.Missing == 0) return;

        var unknown = only.Files.Where(f => !Layers.IsKnown(f)).ToDictionary(f => f, f => new byte[Info.Geometry.PieceCountOf(f) * Hash256.Length]);
        await _context.Hasher.HashAsync(
            new HashPlan(Info.Geometry, f => State.IsPlaced(f) ? Layout.Final(f) : Layout.Staged(f)) { IsStrict = true },
            Info.Geometry.PiecesOf(unknown.Keys),
            (piece, digest) =>
            {
                var file = Info.Geometry.FileOf(piece);
                digest?.V2.CopyTo(unknown[file].AsSpan((piece - Info.Geometry.FirstPiece(file)) * Hash256.Length));
            },
            new ProgressMeter(null, 0, _context.Clock),
            ct);
        foreach (var (file, layer) in unknown)
        {
            if (!Layers.TrySet(file, layer)) throw new StoreException(StoreErrorCode.InvalidTorrent, $"{Info.Name} is two torrents in one: its v1 and v2 halves name different content. Get it from whoever made it anew.", FinalPath);
            LayersChanged(file);
        }
    }

    public ValueTask DisposeAsync()
    {
        _closed(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Whether it was read or written since this was last asked.</summary>
    internal bool TakeUse()
    {
        if (!_isUsed) return false;

        _isUsed = false;
        return true;
    }

    /// <summary>All of it was proven at another place, which is entered already.</summary>
    internal void Moved(StoredTorrent torrent, DiskLayout layout, CopyPlaces places)
    {
        (_torrent, _layout, _disk) = (torrent, layout, _context.Disk.Within(layout.Folder));
        State.Renew(places.Stamps, places.Found);
        Touch();
    }

    internal void Touch()
    {
        Interlocked.Increment(ref _version);
        if (!IsRemoved) _context.Catalogue.Touch(this);
    }

    /// <summary>Enters the state as it is now; ends when that is committed.</summary>
    internal async Task SaveNowAsync(CancellationToken ct)
    {
        await _context.Catalogue.WriteAsync(
            writer =>
            {
                if (IsRemoved) return;

                // as it is when it is written: what was entered meanwhile, in this transaction too, is not undone
                writer.SetPlaces(Torrent.CopyId, State.CopyPlaces());
                writer.SetState(Torrent.CopyId, State.SaveState());
            },
            ct);
    }

    /// <summary>Enters layers that came and puts them into the torrent's record, without which what they prove could not be proven after damage to the catalogue.</summary>
    internal async Task SaveRecordAsync(CancellationToken ct)
    {
        lock (_layersLock)
        {
            if (!_isRecordOld || IsRemoved) return;
            _isRecordOld = false;
        }

        var isSaved = false;
        try
        {
            await SaveNowAsync(ct);
            await _context.Records.SaveAsync(Info.InfoHash, ct);
            isSaved = true;
        }
        finally
        {
            lock (_layersLock) _isRecordOld |= !isSaved;
        }
    }

    /// <summary>The record does not say what the catalogue does: it is written anew, now or with the next flush.</summary>
    internal void RecordIsOld()
    {
        lock (_layersLock) _isRecordOld = true;
        _context.Track(TrySaveRecordAsync());
    }

    private async Task TrySaveRecordAsync()
    {
        try
        {
            await SaveRecordAsync(_context.Stopping.Token);
        }
        catch (Exception e) when (e is StoreException or OperationCanceledException or ObjectDisposedException)
        {
            // the next flush tries again, or says that it cannot
        }
    }

    void ICommitSource.Save(CatalogueWriter writer)
    {
        Interlocked.Exchange(ref _savingVersion, Interlocked.Read(ref _version));
        if (IsRemoved) return;

        lock (_layersLock) (_savingLayers, _newLayers) = (_newLayers, []);
        if (_savingLayers.Count > 0) writer.AddLayersOfCopy(Torrent.CopyId, Info, Layers, _savingLayers);
        _savingPlaces = State.TakePlaces();
        if (_savingPlaces is not null) writer.SetPlaces(Torrent.CopyId, _savingPlaces);
        writer.SetState(Torrent.CopyId, State.SaveState());
    }

    void ICommitSource.Saved(bool committed)
    {
        if (committed)
        {
            Interlocked.Exchange(ref _savedVersion, Interlocked.Read(ref _savingVersion));
            return;
        }

        lock (_layersLock)
        {
            _newLayers.AddRange(_savingLayers);
            _isRecordOld |= _savingLayers.Count > 0;
        }

        if (_savingPlaces is not null) State.PlacesNotSaved();
    }

    /// <summary>Reads on a worker. A file that looks other than it was entered gives nothing of what was read.</summary>
    internal bool Read(PieceIndex piece, int begin, Span<byte> destination)
    {
        if (!Info.Geometry.IsAligned) destination.Clear(); // for the padding
        foreach (var span in Info.Geometry.SpansOf(piece, begin, destination.Length))
        {
            if (!Read(piece, span, destination.Slice(span.Begin - begin, span.Length))) return false;
        }

        return true;
    }

    private bool Read(PieceIndex piece, FileSpan span, Span<byte> destination)
    {
        var file = span.File;
        if (!State.CanRead(piece, file, out var isPlaced, out var stamp)) return false;

        try
        {
            var open = Use(file, isWritable: false);
            try
            {
                var isWhole = open.File.Read(destination, span.Offset) == destination.Length;
                if (isWhole && (!isPlaced || (open.File.Stamp == stamp && StillNamed(open, file, stamp)))) return true;
            }
            finally
            {
                _context.Files.Release(open);
            }
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
        }

        Suspect(file);
        return false;
    }

    /// <summary>Reads what is in memory of files that are open already. Whatever is odd about them is for a worker to find.</summary>
    private bool TryReadNow(PieceIndex piece, int begin, Span<byte> destination)
    {
        if (!Info.Geometry.IsAligned) destination.Clear(); // for the padding
        foreach (var span in Info.Geometry.SpansOf(piece, begin, destination.Length))
        {
            if (!TryReadNow(piece, span, destination.Slice(span.Begin - begin, span.Length))) return false;
        }

        return true;
    }

    private bool TryReadNow(PieceIndex piece, FileSpan span, Span<byte> destination)
    {
        var file = span.File;
        if (!State.CanRead(piece, file, out var isPlaced, out var stamp) || _context.Files.TryUse(this, file, isWritable: false) is not { } open) return false;

        try
        {
            return !(isPlaced && IsNameDue(open)) && open.File.TryReadNow(destination, span.Offset) && (!isPlaced || open.File.Stamp == stamp);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            return false;
        }
        finally
        {
            _context.Files.Release(open);
        }
    }

    /// <summary>Proves and writes on a worker.</summary>
    internal PutOutcome Put(PieceIndex piece, ReadOnlySpan<byte> data, WorkerScratch scratch)
    {
        if (data.Length != Info.Geometry.LengthOf(piece) || !PieceProof.Holds(Info, Layers, piece, data, scratch)) return new PutOutcome(PutStatus.Corrupt);
        if (State.IsPresent(piece)) return new PutOutcome(PutStatus.Stored);

        var path = Layout.StagingRoot;
        try
        {
            var written = 0;
            foreach (var span in Info.Geometry.SpansOf(piece))
            {
                path = Layout.Staged(span.File);
                if (State.IsPlaced(span.File)) continue; // its bytes were proven where they stand

                Write(span, data.Slice(span.Begin, span.Length));
                written += span.Length;
            }

            if (written == 0 && data.Length > 0) throw ChangedTarget(piece);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e) || e is StoreException)
        {
            return new PutOutcome(PutStatus.Failed, DiskErrors.Writing(e, path));
        }

        SetPresent(piece);
        return new PutOutcome(PutStatus.Stored);
    }

    /// <summary>Shares the blocks of a piece with a file that has its bytes, reads them back from where they are to stay, and proves that. On a worker; for pieces of one file.</summary>
    /// <param name="shift">How much further the source has them.</param>
    /// <param name="data">As long as the piece; holds no meaning afterwards.</param>
    /// <returns>Whether it is present now; else nothing counts that was done.</returns>
    internal bool TryClone(PieceIndex piece, IDiskFile source, long shift, Span<byte> data, WorkerScratch scratch)
    {
        var spans = Info.Geometry.SpansOf(piece);
        if (!spans.MoveNext() || State.IsPlaced(spans.Current.File) || State.IsPresent(piece)) return false;

        var span = spans.Current;
        try
        {
            var open = Use(span.File, isWritable: true);
            try
            {
                if (!open.File.TryClone(source, span.Offset + shift, span.Offset, span.Length)) return false;
                if (open.File.Read(data, span.Offset) < span.Length || !PieceProof.Holds(Info, Layers, piece, data, scratch)) return false;
            }
            finally
            {
                _context.Files.Release(open);
            }
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            return false; // a put of the same bytes says what there is to say
        }

        SetPresent(piece);
        return true;
    }

    internal void Write(FileSpan span, ReadOnlySpan<byte> data)
    {
        if (State.HasDropped(out var dropped)) EnterDropped(dropped);
        var open = Use(span.File, isWritable: true);
        try
        {
            open.File.Write(data, span.Offset);
        }
        finally
        {
            _context.Files.Release(open);
        }
    }

    internal StoreException ChangedTarget(PieceIndex piece)
    {
        var path = Layout.Final(Info.Geometry.FileOf(piece));
        return new StoreException(StoreErrorCode.TargetHoldsOtherContent, $"{path} was changed: move it away and get it again", path);
    }

    /// <summary>Brings to the medium what was written, on a worker, and only then marks it durable. Ends when also a flush that was under way has.</summary>
    /// <param name="ifBegun">Only if something of it is durable already.</param>
    internal async Task FlushAsync(bool ifBegun = false)
    {
        await _flushGate.WaitAsync();
        try
        {
            if (!State.IsSettled && (!ifBegun || State.HasDurable)) await _context.Workers.RunAsync(_ => Flush(), CancellationToken.None);
        }
        finally
        {
            _flushGate.Release();
        }
    }

    private void Flush()
    {
        if (State.BeginFlush() is not { } batch) return;

        var (failed, hasNames) = new Flusher(_context, this).Run(batch);
        State.EndFlush(batch, failed, hasNames);
        Touch();
    }

    /// <summary>
    /// Durable pieces were lost, and their file is about to be written again. Were the catalogue to fall back behind that in a power cut, it would take the new bytes for the
    /// old ones and not prove them: it goes to the medium first. Rare, so a worker may wait.
    /// </summary>
    private void EnterDropped(long dropped)
    {
        SaveNowAsync(CancellationToken.None).GetAwaiter().GetResult();
        _context.Catalogue.FlushAsync().GetAwaiter().GetResult();
        State.DroppedEntered(dropped);
    }

    /// <summary>Serves nothing of a file until it is proven again, which begins now.</summary>
    internal void Suspect(FileIndex file)
    {
        if (State.Suspect(file)) _context.Track(new SourceCheck(_context, this, file).RunAsync());
    }

    /// <summary>A piece was proven where it lies.</summary>
    internal void SetPresent(PieceIndex piece)
    {
        if (!State.SetPresent(piece)) return;

        Touch();
        Gained?.Invoke(piece);
    }

    internal void RaiseLost(IEnumerable<PieceIndex> pieces)
    {
        Touch();
        foreach (var piece in pieces) Lost?.Invoke(piece);
    }

    internal OpenFile Use(FileIndex file, bool isWritable)
    {
        if (_context.Files.TryUse(this, file, isWritable) is { } open) return open;

        var opened = isWritable ? OpenForWriting(Layout.Staged(file)) : OpenForReading(file);
        if (isWritable && Info.Geometry.PieceCountOf(file) > 1) opened.Reserve(Info.Files[file].Length);
        return _context.Files.Add(this, file, opened, isWritable, _context.Clock.GetTimestamp());
    }

    internal IDiskFile OpenForWriting(string path)
    {
        try
        {
            return Disk.Open(path, FileAccess.ReadWrite);
        }
        catch (Exception e) when (DiskErrors.IsMissing(e))
        {
            Disk.CreateFolder(Path.GetDirectoryName(path)!);
            return Disk.Open(path, FileAccess.ReadWrite);
        }
    }

    private IDiskFile OpenForReading(FileIndex file)
    {
        if (State.IsPlaced(file)) return _context.Disk.Open(Layout.Final(file), FileAccess.Read);

        try
        {
            return Disk.Open(Layout.Staged(file), FileAccess.Read);
        }
        catch (Exception e) when (DiskErrors.IsMissing(e))
        {
            return _context.Disk.Open(Layout.Final(file), FileAccess.Read); // it was being moved to its name this moment
        }
    }

    /// <summary>Whether the path still names what is open; looked at now and then, since a replaced file looks unchanged from inside.</summary>
    private bool StillNamed(OpenFile open, FileIndex file, FileStamp stamp)
    {
        if (!IsNameDue(open)) return true;

        open.CheckedAt = _context.Clock.GetTimestamp();
        var path = Layout.Final(file);
        var entry = _context.Disk.Stat(path);
        if (entry is { Kind: DiskEntryKind.Link }) entry = RealPaths.Resolve(_context.Disk, path) is { } real ? _context.Disk.Stat(real) : null;
        return entry is { Kind: DiskEntryKind.File } && entry.Stamp == stamp;
    }

    private bool IsNameDue(OpenFile open) => _context.Clock.GetElapsedTime(open.CheckedAt) >= _context.Options.SourceCheckInterval;

    private bool ReadLeaves(PieceIndex piece, Span<byte> leaves, WorkerScratch scratch)
    {
        var length = Info.Geometry.LengthOf(piece);
        for (var at = 0; at < length; at += WorkerScratch.BufferLength)
        {
            var part = scratch.Buffer[..Math.Min(WorkerScratch.BufferLength, length - at)];
            if (!Read(piece, at, part)) return false;
            MerkleTree.HashLeaves(part, leaves[(at / MerkleTree.BlockLength * Hash256.Length)..]);
        }

        var file = Info.Geometry.FileOf(piece);
        var layer = scratch.Hashes(Info.Geometry.BlockCountOf(piece));
        leaves[..layer.Length].CopyTo(layer);
        if (Layers.IsKnown(file) && MerkleTree.Fold(layer, 0, Info.Geometry.HashHeight(file)) == Layers[piece].Value) return true;

        Suspect(file);
        return false;
    }

    private async ValueTask<T> PostAsync<T>(PooledWork<T> work, CancellationToken ct)
    {
        await _context.Workers.PostAsync(work, ct);
        return await work.Task;
    }
}
