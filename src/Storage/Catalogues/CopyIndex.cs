using Shoal.Core;

namespace Shoal.Storage.Catalogues;

/// <summary>Every copy in the store by its names, in memory: a few hundred bytes each. Its lock is a leaf.</summary>
internal sealed class CopyIndex
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, StoredTorrent> _copies = [];
    private readonly Dictionary<Hash160, List<long>> _byName = [];

    public CopyIndex(IEnumerable<StoredTorrent> copies)
    {
        foreach (var copy in copies) Set(copy);
    }

    public int Count
    {
        get
        {
            lock (_lock) return _copies.Count;
        }
    }

    public List<StoredTorrent> List()
    {
        lock (_lock) return [.. _copies.Values];
    }

    public StoredTorrent? Find(long copy)
    {
        lock (_lock) return _copies.GetValueOrDefault(copy);
    }

    public List<StoredTorrent> Find(Hash160 truncated)
    {
        lock (_lock) return _byName.TryGetValue(truncated, out var copies) ? [.. copies.Select(c => _copies[c])] : [];
    }

    public void Set(StoredTorrent torrent)
    {
        lock (_lock)
        {
            if (!_copies.ContainsKey(torrent.CopyId))
            {
                foreach (var key in KeysOf(torrent))
                {
                    if (!_byName.TryGetValue(key, out var copies)) _byName[key] = copies = [];
                    copies.Add(torrent.CopyId);
                }
            }

            _copies[torrent.CopyId] = torrent;
        }
    }

    public void Remove(StoredTorrent torrent)
    {
        lock (_lock)
        {
            if (!_copies.Remove(torrent.CopyId)) return;

            foreach (var key in KeysOf(torrent))
            {
                var copies = _byName[key];
                copies.Remove(torrent.CopyId);
                if (copies.Count == 0) _byName.Remove(key);
            }
        }
    }

    private static Hash160[] KeysOf(StoredTorrent torrent) =>
        torrent is { Id.IsV1: false, IdV1: { } v1 } ? [torrent.Id.Truncated, v1] : [torrent.Id.Truncated];
}
