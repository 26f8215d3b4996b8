using Shoal.Core;
using Shoal.Storage.Catalogues;

namespace Shoal.Storage.Space;

/// <summary>
/// What is pinned, when each copy was last used, and how many others were known to have its torrent. In memory; uses are entered once a minute for each copy at most, and
/// when the store closes. Its lock is a leaf.
/// </summary>
internal sealed class Uses : ICommitSource
{
    private static readonly TimeSpan Grain = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Catalogue _catalogue;
    private readonly TimeProvider _clock;
    private readonly HashSet<InfoHash> _pins;
    private readonly Dictionary<long, UseRow> _rows;
    private readonly Dictionary<long, long> _entered;
    private HashSet<long> _dirty = [], _saving = [];

    public Uses(Catalogue catalogue, TimeProvider clock)
    {
        (_catalogue, _clock) = (catalogue, clock);
        _pins = [.. catalogue.Read.Pins()];
        _rows = catalogue.Read.Uses().ToDictionary(row => row.Copy);
        _entered = _rows.ToDictionary(row => row.Key, row => row.Value.Used);
    }

    public bool IsPinned(InfoHash id)
    {
        lock (_lock) return _pins.Contains(id);
    }

    public async Task PinAsync(InfoHash id, bool isPinned, CancellationToken ct)
    {
        await _catalogue.WriteAsync(writer => writer.SetPin(id, isPinned), ct);
        lock (_lock)
        {
            if (isPinned) _pins.Add(id);
            else _pins.Remove(id);
        }
    }

    public UseRow? Find(long copy)
    {
        lock (_lock) return _rows.TryGetValue(copy, out var row) ? row : null;
    }

    /// <summary>It was used just now.</summary>
    public void Use(long copy)
    {
        var now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        bool isDue;
        lock (_lock)
        {
            _rows[copy] = _rows.TryGetValue(copy, out var row) ? row with { Used = now } : new UseRow(copy, now, null, null);
            isDue = !_entered.TryGetValue(copy, out var entered) || now - entered >= (long)Grain.TotalMilliseconds;
            _dirty.Add(copy);
        }

        if (isDue) _catalogue.Touch(this);
    }

    /// <summary>So many others have all of it, as far as is known now.</summary>
    public void Count(long copy, int others, long added)
    {
        var now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        bool isNews;
        lock (_lock)
        {
            var row = _rows.GetValueOrDefault(copy, new UseRow(copy, added, null, null));
            isNews = row.Others != others || now - row.Counted >= (long)Grain.TotalMilliseconds;
            _rows[copy] = row with { Others = others, Counted = now };
            _dirty.Add(copy);
        }

        if (isNews) _catalogue.Touch(this);
    }

    public void Forget(InfoHash id, long copy, bool isLast)
    {
        lock (_lock)
        {
            _rows.Remove(copy);
            _entered.Remove(copy);
            _dirty.Remove(copy);
            if (isLast) _pins.Remove(id);
        }
    }

    /// <summary>Enters what waits, with the next transaction.</summary>
    public void SaveAll()
    {
        lock (_lock)
        {
            if (_dirty.Count == 0) return;
        }

        _catalogue.Touch(this);
    }

    void ICommitSource.Save(CatalogueWriter writer)
    {
        lock (_lock)
        {
            (_saving, _dirty) = (_dirty, []);
            foreach (var copy in _saving)
            {
                if (!_rows.TryGetValue(copy, out var row)) continue;

                writer.SetUse(row);
                _entered[copy] = row.Used;
            }
        }
    }

    void ICommitSource.Saved(bool committed)
    {
        if (committed) return;

        lock (_lock) _dirty.UnionWith(_saving);
    }
}
