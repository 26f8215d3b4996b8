using Shoal.Node.Events;
using Shoal.Node.Torrents;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>Hands on the events of one command, one at a time, and the store's warnings while it runs.</summary>
internal sealed class Reporter : IDisposable
{
    private readonly Action<ShoalEvent> _report;
    private readonly Store _store;
    private readonly Lock _lock = new();

    public Reporter(Action<ShoalEvent> report, Store store)
    {
        (_report, _store) = (report, store);
        store.Warned += OnWarned;
    }

    public void Report(ShoalEvent e)
    {
        lock (_lock) _report(e);
    }

    public void Dispose() => _store.Warned -= OnWarned;

    private void OnWarned(StoreWarning warning) => Report(new WarningEvent(TorrentNames.Code(warning.Kind), warning.Message));
}
