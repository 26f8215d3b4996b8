using Shoal.Node.Events;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>Turns the store's progress into events, at most 4 a second.</summary>
internal sealed class HashingReport(string path, Reporter reporter, TimeProvider clock, Action? progressed = null) : IProgress<HashProgress>
{
    private readonly Pace _pace = new(clock, TimeSpan.FromMilliseconds(250));

    public void Report(HashProgress value)
    {
        progressed?.Invoke();
        if (_pace.IsDue() || value.Bytes == value.Length) reporter.Report(new HashingEvent(path, value.Bytes, value.Length));
    }
}
