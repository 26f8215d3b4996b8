using System.Collections.Concurrent;

namespace Shoal.Storage.Content;

/// <summary>Work items that are used again, so that a read or a put allocates nothing.</summary>
internal sealed class WorkPool<T>(Func<WorkPool<T>, T> make)
    where T : class
{
    private const int MaxKept = 256;

    private readonly ConcurrentQueue<T> _kept = new();

    public T Rent() => _kept.TryDequeue(out var item) ? item : make(this);

    public void Return(T item)
    {
        if (_kept.Count < MaxKept) _kept.Enqueue(item);
    }
}
