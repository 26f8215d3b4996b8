namespace Shoal.Storage;

/// <summary>How a store works. Checked once, when it is opened.</summary>
public sealed record StoreOptions
{
    /// <summary>The folder of the catalogue and the lock; made if missing.</summary>
    public required string Path { get; init; }

    /// <summary>Threads that hash, read and write.</summary>
    public int Workers { get; init; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary>Work that may wait for them; beyond it the caller waits.</summary>
    public int QueueLength { get; init; } = 64;

    /// <summary>Data is on the medium, and marked so, at most this long after it was written.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What was put is entered at most this long after: what death of the process can cost.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>Files kept open for the next read or write.</summary>
    public int MaxOpenFiles { get; init; } = 128;

    /// <summary>How long an open source may be served before its path is looked at again.</summary>
    public TimeSpan SourceCheckInterval { get; init; } = TimeSpan.FromSeconds(1);

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrEmpty(Path);
        ArgumentOutOfRangeException.ThrowIfLessThan(Workers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxOpenFiles, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(FlushInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CommitInterval, TimeSpan.Zero);
    }
}
