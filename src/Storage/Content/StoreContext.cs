using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Disk;
using Shoal.Storage.Records;
using Shoal.Storage.Runs;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Content;

/// <summary>What the parts of one open store work with.</summary>
internal sealed class StoreContext(
    StoreOptions options, IDisk disk, TimeProvider clock, IBoot boot, ILogger logger, StorageWorkers workers, Catalogue catalogue, TorrentRecords records, Action<StoreWarning> warn) : IDisposable
{
    private readonly ConcurrentDictionary<Task, bool> _background = [];

    public StoreOptions Options => options;

    public IDisk Disk => disk;

    public TimeProvider Clock => clock;

    public string BootId { get; } = boot.Id;

    public ILogger Logger => logger;

    public StorageWorkers Workers => workers;

    public Catalogue Catalogue => catalogue;

    public TorrentRecords Records => records;

    public PieceHasher Hasher { get; } = new(disk, workers);

    public FileTable Files { get; } = new(options.MaxOpenFiles);

    public RunLayers RunLayers { get; } = new();

    public WorkPool<ReadWork> Reads { get; } = new(pool => new ReadWork(pool));

    public WorkPool<PutWork> Puts { get; } = new(pool => new PutWork(pool));

    /// <summary>Ends work that nobody waits for when the store is disposed of.</summary>
    public CancellationTokenSource Stopping { get; } = new();

    public void Warn(StoreWarning warning)
    {
        Log.Warned(logger, warning.Kind, warning.Message);
        warn(warning);
    }

    /// <summary>Remembers work that nobody waits for until it ends.</summary>
    public void Track(Task work)
    {
        _background[work] = true;
        work.ContinueWith((done, _) => _background.TryRemove(done, out var _), null, TaskScheduler.Default);
    }

    public Task BackgroundAsync() => Task.WhenAll(_background.Keys);

    public void Dispose()
    {
        Files.Dispose();
        Stopping.Dispose();
    }
}
