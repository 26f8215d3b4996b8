namespace Shoal.Storage.Workers;

/// <summary>Adds up what workers have done and tells it a few times a second.</summary>
internal sealed class ProgressMeter(IProgress<HashProgress>? progress, long length, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private long _bytes;
    private long _lastReport = clock.GetTimestamp();

    public long Bytes => Interlocked.Read(ref _bytes);

    public void Add(long bytes)
    {
        var total = Interlocked.Add(ref _bytes, bytes);
        if (progress is null) return;

        var last = Interlocked.Read(ref _lastReport);
        if (clock.GetElapsedTime(last) < Interval) return;
        if (Interlocked.CompareExchange(ref _lastReport, clock.GetTimestamp(), last) == last) progress.Report(new HashProgress(total, length));
    }

    public void Finish() => progress?.Report(new HashProgress(Bytes, length));
}
