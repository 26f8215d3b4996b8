using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Content;

/// <summary>
/// Which pieces of a copy are there, which of those are on the medium, and where its files stand. Its lock is a leaf.
/// Invariant: durable pieces are present; a piece becomes present only after its bytes were proven and written.
/// </summary>
internal sealed class ContentState
{
    private readonly Lock _lock = new();
    private readonly TorrentInfo _info;
    private readonly string _bootId;
    private readonly Bitfield _present, _durable, _placed, _found;
    private readonly FileStamp[] _stamps;
    private readonly HashSet<int> _suspect = []; // being proven again; not served meanwhile
    private readonly HashSet<int> _neverDurable = []; // a flush of them failed: what the medium has is unknown
    private HashSet<int> _unflushed = [];
    private bool _isComplete, _placesChanged, _namesUnflushed;
    private long _have, _dropped, _enteredDropped;

    public ContentState(TorrentInfo info, string bootId, CopyState state, CopyPlaces places)
    {
        (_info, _bootId) = (info, bootId);
        (_present, _durable, _placed, _found, _stamps) = (state.Present, state.Durable, places.Placed, places.Found, places.Stamps);
        _isComplete = state.IsComplete;
        _namesUnflushed = state.Boot is not null && (state.IsComplete || !places.Placed.IsEmpty);
        for (var i = _present.NextSet(0); i >= 0; i = _present.NextSet(i + 1))
        {
            var piece = new PieceIndex(i);
            _have += info.Geometry.ContentLengthOf(piece);
            if (_durable[i]) continue;
            foreach (var span in info.Geometry.SpansOf(piece)) _unflushed.Add(span.File);
        }
    }

    /// <summary>Whether every byte is present and stands at its final name.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_lock) return _isComplete && _present.IsFull;
        }
    }

    public bool IsMarkedComplete
    {
        get
        {
            lock (_lock) return _isComplete;
        }
    }

    public long Have
    {
        get
        {
            lock (_lock) return _have;
        }
    }

    /// <summary>Whether nothing is left to flush.</summary>
    public bool IsSettled
    {
        get
        {
            lock (_lock) return _unflushed.Count == 0 && !_namesUnflushed && _suspect.Count == 0;
        }
    }

    public Bitfield CopyPresent()
    {
        lock (_lock) return new Bitfield(_present);
    }

    public bool IsPresent(PieceIndex piece)
    {
        lock (_lock) return _present[piece];
    }

    public bool IsPlaced(FileIndex file)
    {
        lock (_lock) return _placed[file];
    }

    public bool WasFound(FileIndex file)
    {
        lock (_lock) return _found[file];
    }

    public FileStamp StampOf(FileIndex file)
    {
        lock (_lock) return _stamps[file];
    }

    public bool IsWhole(FileIndex file)
    {
        lock (_lock) return IsWholeNow(file);
    }

    /// <summary>Whether a piece may be served, and what its file must look like if it stands at its final name.</summary>
    public bool CanRead(PieceIndex piece, FileIndex file, out bool isPlaced, out FileStamp stamp)
    {
        lock (_lock)
        {
            (isPlaced, stamp) = (_placed[file], _stamps[file]);
            return _present[piece] && !_suspect.Contains(file);
        }
    }

    /// <returns>Whether it was absent.</returns>
    public bool SetPresent(PieceIndex piece)
    {
        lock (_lock)
        {
            if (!_present.Set(piece)) return false;

            var isWritten = false;
            foreach (var span in _info.Geometry.SpansOf(piece))
            {
                if (_placed[span.File]) continue; // it was read from where it stands, and not written now

                _unflushed.Add(span.File);
                isWritten = true;
            }

            _have += _info.Geometry.ContentLengthOf(piece);
            if (!isWritten) _durable.Set(piece);
            return true;
        }
    }

    /// <returns>Whether it was present.</returns>
    public bool SetAbsent(PieceIndex piece)
    {
        lock (_lock) return SetAbsentNow(piece);
    }

    /// <summary>Drops what was written before the machine started anew and never flushed; it is to be proven.</summary>
    public List<PieceIndex> TakeUnflushed()
    {
        lock (_lock)
        {
            var pieces = new List<PieceIndex>();
            for (var i = _present.NextSet(0); i >= 0; i = _present.NextSet(i + 1))
            {
                if (!_durable[i]) pieces.Add(new PieceIndex(i));
            }

            foreach (var piece in pieces) SetAbsentNow(piece);
            return pieces;
        }
    }

    /// <summary>A file stands at its final name, and looks like that.</summary>
    public void Place(FileIndex file, FileStamp stamp, bool isFound)
    {
        lock (_lock)
        {
            _placed.Set(file);
            if (isFound) _found.Set(file);
            _stamps[file] = stamp;
            _placesChanged = true;
        }
    }

    /// <summary>A file is to be fetched anew, beside what stands at its final name.</summary>
    /// <returns>The pieces of it that were present.</returns>
    public List<PieceIndex> Displace(FileIndex file)
    {
        lock (_lock)
        {
            _placed.Clear(file);
            _found.Clear(file);
            _stamps[file] = default;
            (_placesChanged, _isComplete) = (true, false);
            var lost = new List<PieceIndex>();
            foreach (var piece in _info.Geometry.PiecesOf(file))
            {
                if (SetAbsentNow(piece)) lost.Add(piece);
            }

            return lost;
        }
    }

    /// <returns>Whether it was not suspected already.</returns>
    public bool Suspect(FileIndex file)
    {
        lock (_lock) return _suspect.Add(file);
    }

    public void Trust(FileIndex file)
    {
        lock (_lock) _suspect.Remove(file);
    }

    public void Complete()
    {
        lock (_lock) (_isComplete, _namesUnflushed) = (true, true);
    }

    /// <summary>Some files were moved to their names.</summary>
    public void Moved()
    {
        lock (_lock) _namesUnflushed = true;
    }

    public void Reopen()
    {
        lock (_lock) _isComplete = false;
    }

    /// <summary>Whether a power cut would leave anything of it.</summary>
    public bool HasDurable
    {
        get
        {
            lock (_lock) return _durable.Count > 0;
        }
    }

    /// <summary>Whether pieces that were durable are not any more, and the catalogue on the medium may not know. To be answered with <see cref="DroppedEntered"/>.</summary>
    public bool HasDropped(out long dropped)
    {
        lock (_lock)
        {
            dropped = _dropped;
            return dropped != _enteredDropped;
        }
    }

    public void DroppedEntered(long dropped)
    {
        lock (_lock) _enteredDropped = Math.Max(_enteredDropped, dropped);
    }

    /// <summary>What is to be brought to the medium; null if nothing. To be answered with <see cref="EndFlush"/>.</summary>
    public FlushBatch? BeginFlush()
    {
        lock (_lock)
        {
            if (_unflushed.Count == 0 && !_namesUnflushed) return null;

            var batch = new FlushBatch(_unflushed, new Bitfield(_present), _namesUnflushed);
            (_unflushed, _namesUnflushed) = ([], false);
            return batch;
        }
    }

    public void EndFlush(FlushBatch batch, IReadOnlySet<int> failed, bool hasNames)
    {
        lock (_lock)
        {
            _namesUnflushed |= batch.Names && !hasNames;
            _neverDurable.UnionWith(failed);
            foreach (var file in batch.Files)
            {
                if (_neverDurable.Contains(file)) continue;

                foreach (var piece in _info.Geometry.PiecesOf(new FileIndex(file)))
                {
                    if (batch.Present[piece] && _present[piece] && !IsInDoubt(piece)) _durable.Set(piece);
                }
            }
        }
    }

    /// <summary>Everything was proven where it stands: all is present, and looks like that.</summary>
    /// <param name="stamps">How each file looks.</param>
    /// <param name="found">Files that are the user's; null for all.</param>
    public void Renew(ReadOnlySpan<FileStamp> stamps, Bitfield? found = null)
    {
        lock (_lock)
        {
            stamps.CopyTo(_stamps);
            _placed.SetAll();
            for (var i = 0; i < stamps.Length; i++)
            {
                if (found is null || found[i]) _found.Set(i);
                else _found.Clear(i);
            }

            _present.SetAll();
            _durable.SetAll();
            _unflushed.Clear();
            _have = _info.Length;
            (_isComplete, _placesChanged) = (true, true);
        }
    }

    public CopyState SaveState()
    {
        lock (_lock)
        {
            var isSettled = !_namesUnflushed && _durable.Count == _present.Count;
            return new CopyState(_isComplete, _have, isSettled ? null : _bootId, new Bitfield(_present), new Bitfield(_durable));
        }
    }

    /// <summary>The places if they changed since this was last asked.</summary>
    public CopyPlaces? TakePlaces()
    {
        lock (_lock)
        {
            if (!_placesChanged) return null;

            _placesChanged = false;
            return CopyPlacesNow();
        }
    }

    public void PlacesNotSaved()
    {
        lock (_lock) _placesChanged = true;
    }

    public CopyPlaces CopyPlaces()
    {
        lock (_lock) return CopyPlacesNow();
    }

    private CopyPlaces CopyPlacesNow() => new(new Bitfield(_placed), new Bitfield(_found), (FileStamp[])_stamps.Clone());

    private bool SetAbsentNow(PieceIndex piece)
    {
        if (!_present.Clear(piece)) return false;

        if (_durable.Clear(piece)) _dropped++;
        _have -= _info.Geometry.ContentLengthOf(piece);
        return true;
    }

    /// <summary>Whether a flush of another file that has bytes in the piece failed.</summary>
    private bool IsInDoubt(PieceIndex piece)
    {
        foreach (var span in _info.Geometry.SpansOf(piece))
        {
            if (_neverDurable.Contains(span.File)) return true;
        }

        return false;
    }

    private bool IsWholeNow(FileIndex file)
    {
        var first = _info.Geometry.FirstPiece(file).Value;
        var end = first + _info.Geometry.PieceCountOf(file);
        var absent = _present.NextClear(first);
        return absent < 0 || absent >= end;
    }
}
