namespace Shoal.Dht.Sockets;

/// <summary>
/// What has arrived at a socket and waits for the loop: its reader adds, the loop takes all there is at once. Two batches that change places, so that nothing is
/// allocated for a datagram; a leaf with a lock.
/// </summary>
/// <param name="capacity">How many may wait.</param>
internal sealed class DatagramQueue(int capacity)
{
    private readonly Lock _lock = new();
    private DatagramBatch _waiting = new(capacity);
    private DatagramBatch _taken = new(capacity);

    /// <summary>Adds those that find room; how many.</summary>
    /// <param name="batch">What has arrived.</param>
    /// <param name="wasEmpty">Whether nothing waited, so that the loop must be told.</param>
    public int Add(DatagramBatch batch, out bool wasEmpty)
    {
        lock (_lock)
        {
            wasEmpty = _waiting.Count == 0;
            return _waiting.Add(batch);
        }
    }

    /// <summary>All that waited. It stays as it is until the next call.</summary>
    public DatagramBatch Take()
    {
        lock (_lock)
        {
            (_waiting, _taken) = (_taken, _waiting);
            _waiting.Clear();
            return _taken;
        }
    }

    /// <summary>Forgets what waits, since nobody can be told of it; how many there were.</summary>
    public int Drop()
    {
        lock (_lock)
        {
            var dropped = _waiting.Count;
            _waiting.Clear();
            return dropped;
        }
    }
}
