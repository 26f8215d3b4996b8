namespace Shoal.Storage.Disk;

/// <summary>Files kept open, the least recently used closed first. Its lock is a leaf; files are opened and closed outside it.</summary>
internal sealed class FileTable(int maxIdle) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(object, int), OpenFile> _files = [];
    private readonly LinkedList<OpenFile> _idle = new();

    /// <summary>A file that is open already; null if it is not, or not for writing. To be released.</summary>
    public OpenFile? TryUse(object owner, int file, bool isWritable)
    {
        lock (_lock)
        {
            if (!_files.TryGetValue((owner, file), out var open) || (isWritable && !open.IsWritable)) return null;

            if (open.Uses++ == 0) _idle.Remove(open.Idle!);
            return open;
        }
    }

    /// <summary>Keeps a file that was just opened. To be released.</summary>
    public OpenFile Add(object owner, int file, IDiskFile opened, bool isWritable, long now)
    {
        var added = new OpenFile((owner, file), opened, isWritable, now);
        OpenFile? closing = null;
        lock (_lock)
        {
            if (_files.Remove(added.Key, out var other)) closing = Drop(other);
            _files[added.Key] = added;
        }

        closing?.File.Dispose();
        return added;
    }

    public void Release(OpenFile open)
    {
        OpenFile? closing = null;
        lock (_lock)
        {
            if (--open.Uses > 0) return;

            if (open.IsDropped)
            {
                closing = open;
            }
            else
            {
                if (open.Idle is null) open.Idle = _idle.AddFirst(open);
                else _idle.AddFirst(open.Idle);
                if (_idle.Count > maxIdle)
                {
                    closing = _idle.Last!.Value;
                    _idle.RemoveLast();
                    _files.Remove(closing.Key);
                }
            }
        }

        closing?.File.Dispose();
    }

    /// <summary>Closes a file once it is not used any more.</summary>
    public void Close(object owner, int file)
    {
        OpenFile? closing = null;
        lock (_lock)
        {
            if (_files.Remove((owner, file), out var open)) closing = Drop(open);
        }

        closing?.File.Dispose();
    }

    public void CloseAll(object? owner = null)
    {
        List<OpenFile> closing = [];
        lock (_lock)
        {
            foreach (var open in _files.Values.Where(f => owner is null || ReferenceEquals(f.Key.Owner, owner)).ToList())
            {
                _files.Remove(open.Key);
                if (Drop(open) is { } idle) closing.Add(idle);
            }
        }

        foreach (var open in closing) open.File.Dispose();
    }

    public void Dispose() => CloseAll();

    private OpenFile? Drop(OpenFile open)
    {
        open.IsDropped = true;
        if (open.Uses > 0) return null;

        _idle.Remove(open.Idle!);
        return open;
    }
}
