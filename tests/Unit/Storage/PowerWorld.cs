using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Harness.Disk;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

/// <summary>A store whose machine may die at any time, and what it must not have forgotten then.</summary>
internal sealed class PowerWorld
{
    private readonly StoreBench _bench;
    private readonly Random _random;
    private readonly LossyDisk _lossy = new();
    private readonly FaultyDisk _disk;
    private readonly string _name = $"store-{Guid.NewGuid():N}"[..14];
    private readonly Dictionary<InfoHash, Expected> _torrents = [];
    private readonly Dictionary<InfoHash, TorrentContent> _open = [];
    private Store? _store;
    private int _boot;
    private long _keptLog; // what of it came through the last power cut is on the medium, and the next one does not take it

    public PowerWorld(StoreBench bench, int seed, bool canSyncAll)
    {
        (_bench, _random) = (bench, new Random(seed));
        _disk = new FaultyDisk(_lossy);
        Directory.CreateDirectory(_bench.Folder[_name]);
        _lossy.CreateFolder(_bench.Folder[_name]);
        _lossy.CreateFolder(_bench.Downloads);
        _lossy.TrySyncAll("/");
        _lossy.CanSyncAll = canSyncAll;
    }

    public bool Tears
    {
        set => _disk.Tears = value;
    }

    /// <summary>Whether the disk has begun to fail.</summary>
    public bool Failed => _disk.FailFrom > 0 && _disk.Operations >= _disk.FailFrom;

    private string Database => _bench.Folder[_name, "catalogue.db"];

    public void FailFrom(int operation) => _disk.FailFrom = _disk.Operations + operation;

    public Task OpenAsync()
    {
        _store = _bench.Open(_name, $"boot {_boot}", _disk);
        return Task.CompletedTask;
    }

    public async Task BeginAsync(ShareResult shared)
    {
        if (_open.ContainsKey(shared.Info.InfoHash)) return;

        _open[shared.Info.InfoHash] = await _bench.BeginAsync(_store!, shared);
        var expected = Of(shared);
        (expected.IsHeld, expected.MayBeGone) = (true, false);
    }

    public async Task PutAsync(ShareResult shared, int piece)
    {
        var outcome = await _open[shared.Info.InfoHash].PutAsync(new PieceIndex(piece), StoreBench.Piece(shared, piece), CancellationToken.None);
        if (outcome.Error is not null) throw outcome.Error;
        Assert.Equal(PutStatus.Stored, outcome.Status);
        Of(shared).Put.Add(piece);
    }

    public async Task CompleteAsync(ShareResult shared)
    {
        if (!_open[shared.Info.InfoHash].CopyPresent().IsFull) return;

        await _open[shared.Info.InfoHash].CompleteAsync(CancellationToken.None);
        Of(shared).IsDone = true;
        AssertWhole(shared);
    }

    public async Task VerifyAsync()
    {
        foreach (var torrent in _store!.List()) Assert.Equal(0, (await _store.VerifyAsync(torrent, null, CancellationToken.None)).Bad);
        foreach (var expected in _torrents.Values) expected.MayBeMore = true; // what was put and not entered before a kill is on the disk, and is found
    }

    public async Task RemoveAsync(ShareResult shared, bool deleteFiles)
    {
        if (_store!.Find(shared.Info.InfoHash) is not { } torrent) return;

        if (_open.Remove(shared.Info.InfoHash, out var content)) await content.DisposeAsync();
        await _store.RemoveAsync(torrent, deleteFiles, CancellationToken.None);
        Of(shared).Forget();
        if (!deleteFiles) return;

        Assert.DoesNotContain(_lossy.Tree(_bench.Downloads), e => e.Contains(shared.Info.InfoHash.ToString()[..16], StringComparison.Ordinal));
    }

    /// <summary>What was fetched is deleted behind the store's back, on the medium too, and the next process finds that out.</summary>
    public async Task DeleteStagedAsync(ShareResult shared)
    {
        await CloseAsync();
        foreach (var file in _lossy.Tree(_bench.Downloads).Where(f => f.StartsWith(".shoal-", StringComparison.Ordinal) && !f.EndsWith('/'))) _lossy.DeleteFile(Path.Join(_bench.Downloads, file));
        foreach (var folder in _lossy.Tree(_bench.Downloads).Where(f => f.EndsWith('/'))) _lossy.FlushNames(Path.Join(_bench.Downloads, folder.TrimEnd('/')));
        Of(shared).ForgetPieces();
        await OpenAsync();
    }

    public async Task FlushAsync()
    {
        await _store!.FlushAsync();
        if (Failed) return;

        foreach (var torrent in _torrents.Values) torrent.Flushed();
    }

    public async Task CloseAsync()
    {
        await FlushAsync();
        foreach (var content in _open.Values) await content.DisposeAsync();
        _open.Clear();
        await _store!.DisposeAsync();
        _keptLog = 0; // it was folded into the catalogue, and a new one begins
    }

    /// <summary>The process dies: what was put and not entered is forgotten, and nothing that was flushed or done is.</summary>
    public async Task KillAsync()
    {
        foreach (var (id, content) in _open)
        {
            if (_random.Next(2) == 0) continue;
            await content.SaveNowAsync(CancellationToken.None);
            _torrents[id].Entered();
        }

        await _store!.AbandonAsync();
        _keptLog = 0;
        foreach (var torrent in _torrents.Values) torrent.Killed();
        _open.Clear();
    }

    /// <summary>The machine dies: names and bytes that were not flushed are lost at random, and so is what of the log was not.</summary>
    public async Task LosePowerAsync()
    {
        var (database, log) = (ReadIfThere(Database), ReadIfThere(Database + "-wal"));
        var flushed = Math.Max(_keptLog, _store?.FlushedLog ?? 0);
        if (_store is not null) await _store.AbandonAsync();
        if (database is not null) File.WriteAllBytes(Database, database);
        File.Delete(Database + "-shm");
        var kept = log is null ? 0 : _random.NextInt64(Math.Min(flushed, log.Length), log.Length + 1);
        if (log is not null) File.WriteAllBytes(Database + "-wal", log[..(int)kept]);
        _keptLog = kept;

        _disk.FailFrom = 0;
        _lossy.LosePower(_random);
        foreach (var torrent in _torrents.Values) torrent.LostPower();
        _open.Clear();
        _store = null;
        _boot++;
    }

    /// <summary>What has to be there is, and all that is there is right.</summary>
    public async Task AssertKeptAsync()
    {
        foreach (var expected in _torrents.Values)
        {
            var found = _store!.Find(expected.Shared.Info.InfoHash);
            if (!expected.MayBeGone) Assert.Equal(expected.IsHeld, found is not null);
            if (expected.MayBeGone) expected.Settle(found is not null);
            if (found is null) continue;

            await using var content = await _store.OpenAsync(found, CancellationToken.None);
            var present = content.CopyPresent();
            Assert.All(expected.Sure, piece => Assert.True(present[piece], $"piece {piece} is lost"));
            if (!expected.MayBeMore) Assert.All(Enumerable.Range(0, present.Length).Where(i => present[i]), piece => Assert.Contains(piece, expected.Put));
            await StoreBench.AssertServesAsync(content, expected.Shared);
            for (var i = 0; i < present.Length; i++)
            {
                if (present[i]) expected.Put.Add(i);
                else expected.Put.Remove(i);
            }

            expected.MayBeMore = false;
            if (expected.IsSurelyDone) AssertWhole(expected.Shared);
        }
    }

    public async Task AssertCanBeFinishedAsync(ShareResult shared, string when)
    {
        if (!_open.TryGetValue(shared.Info.InfoHash, out var content)) content = await _bench.BeginAsync(_store!, shared);
        _open[shared.Info.InfoHash] = content;
        await StoreBench.FetchAsync(content, shared);
        await content.CompleteAsync(CancellationToken.None);
        AssertWhole(shared);
        Assert.True(!_lossy.Tree(_bench.Downloads).Exists(e => e.Contains(shared.Info.InfoHash.ToString()[..16], StringComparison.Ordinal)), $"{when}: {string.Join(' ', _lossy.Tree(_bench.Downloads))}");
        Assert.Equal(0, (await _store!.VerifyAsync(_store.Find(shared.Info.InfoHash)!, null, CancellationToken.None)).Bad);
    }

    private static byte[]? ReadIfThere(string path) => File.Exists(path) ? File.ReadAllBytes(path) : null;

    private void AssertWhole(ShareResult shared)
    {
        for (var i = 0; i < shared.Info.Files.Count; i++)
        {
            string[] path = shared.Info.IsSingleFile ? [] : [.. shared.Info.Files[i].Path];
            Assert.Equal(File.ReadAllBytes(Path.Join([shared.Torrent.Path, .. path])), _lossy.ReadAll(Path.Join([_bench.Downloads, shared.Info.Name, .. path])));
        }
    }

    private Expected Of(ShareResult shared)
    {
        if (!_torrents.TryGetValue(shared.Info.InfoHash, out var expected)) _torrents[shared.Info.InfoHash] = expected = new Expected(shared);
        return expected;
    }

    /// <summary>What is known of one torrent.</summary>
    private sealed class Expected(ShareResult shared)
    {
        private HashSet<int> _flushed = [];
        private bool _wasHeld, _wasDone, _wasRemoved;

        public ShareResult Shared => shared;

        /// <summary>Whether it is in the store, if that is sure.</summary>
        public bool IsHeld { get; set; }

        /// <summary>Whether both are right: it was added or removed and the power went.</summary>
        public bool MayBeGone { get; set; }

        /// <summary>Whether more may be there than was put: a removal that the power undid, or files that still lie there.</summary>
        public bool MayBeMore { get; set; }

        public bool IsDone { get; set; }

        public bool IsSurelyDone { get; private set; }

        public HashSet<int> Put { get; } = [];

        /// <summary>What has to be there.</summary>
        public HashSet<int> Sure { get; private set; } = [];

        public void Entered() => Sure = [.. Put];

        public void Flushed()
        {
            (_flushed, _wasHeld, _wasDone, _wasRemoved) = ([.. Put], IsHeld, IsDone, false);
            Sure = [.. Put];
            IsSurelyDone = IsDone;
        }

        public void Killed()
        {
            if (IsDone) Sure = [.. Put]; // done is done
            IsSurelyDone = IsDone;
        }

        public void LostPower()
        {
            MayBeGone = MayBeGone || IsHeld != _wasHeld || _wasRemoved;
            MayBeMore = true;
            Sure = IsHeld && _wasHeld ? [.. _flushed] : [];
            IsDone = IsSurelyDone = _wasDone && IsHeld && _wasHeld;
        }

        public void Forget()
        {
            Put.Clear();
            (Sure, _flushed, _wasDone, _wasRemoved) = ([], [], false, true);
            (IsHeld, IsDone, IsSurelyDone, MayBeMore) = (false, false, false, true);
        }

        public void ForgetPieces()
        {
            Put.Clear();
            (Sure, _flushed) = ([], []);
        }

        /// <summary>
        /// Which of both it was, on the medium too. A torrent that went takes its pieces with it: none of them was acknowledged before a flush that came through, so a
        /// later one promises nothing of them ("What a power cut costs").
        /// </summary>
        public void Settle(bool isHeld)
        {
            if (!isHeld) Forget();
            (IsHeld, MayBeGone, _wasHeld, _wasRemoved) = (isHeld, false, isHeld, false);
        }
    }
}
