using Shoal.Storage.Catalogues;

namespace Shoal.Storage.Content;

/// <summary>The copies that are open, one object for each, however many use it.</summary>
internal sealed class OpenCopies(StoreContext context, CopyIndex index)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, TorrentContent> _open = [];
    private readonly KeyedGate<long> _gate = new();

    /// <summary>Opens a copy, or the same once more. What the machine may have lost since is proven first.</summary>
    public async Task<TorrentContent> OpenAsync(StoredTorrent torrent, CancellationToken ct)
    {
        using var pass = await _gate.EnterAsync(torrent.CopyId, ct);
        if (TryUse(torrent.CopyId) is { } open) return open;

        var row = context.Catalogue.Read.Copy(torrent.CopyId) ?? throw new StoreException(
            StoreErrorCode.NotHeld, $"{torrent.Name} is not in the store any more: share or get it again", torrent.Path);
        var content = new TorrentContent(context, torrent, row, Close);
        var isUnclean = row.State.Boot is { } boot && boot != context.BootId;
        var isGuessed = row.State.Boot == CopyState.Guessed;
        if (isUnclean || !row.State.IsComplete) await new Restore(context, content).RunAsync(isUnclean, provesStaged: isGuessed || row.State.Boot == CopyState.Doubtful, ct, isGuessed);
        return Add(content);
    }

    public TorrentContent Add(TorrentContent content)
    {
        lock (_lock)
        {
            content.Opens++;
            _open[content.Torrent.CopyId] = content;
            return content;
        }
    }

    public TorrentContent? TryUse(long copy)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(copy, out var content)) return null;

            content.Opens++;
            return content;
        }
    }

    public TorrentContent? Peek(long copy)
    {
        lock (_lock) return _open.GetValueOrDefault(copy);
    }

    public List<TorrentContent> All()
    {
        lock (_lock) return [.. _open.Values];
    }

    public TorrentContent? Remove(long copy)
    {
        lock (_lock) return _open.Remove(copy, out var content) ? content : null;
    }

    /// <summary>Lets go of what nobody uses and nothing is left to do for.</summary>
    public void Sweep()
    {
        lock (_lock)
        {
            foreach (var (copy, content) in _open.ToList())
            {
                if (content.Opens > 0 || !content.IsSettled) continue;

                index.Set(Describe(content));
                _open.Remove(copy);
            }
        }
    }

    /// <summary>What the store has of an open copy, as it is now.</summary>
    public static StoredTorrent Describe(TorrentContent content) => content.Torrent with { Have = content.State.Have, IsComplete = content.State.IsMarkedComplete };

    public void Close(TorrentContent content)
    {
        lock (_lock)
        {
            if (--content.Opens > 0) return;
        }

        context.Files.CloseAll(content);
    }
}
