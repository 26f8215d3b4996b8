using Shoal.Core;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Content;
using Shoal.Storage.Disk;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Records;

/// <summary>
/// Keeps the records in step with the catalogue. Invariant: what is acknowledged has its record. One is written after its commit and deleted before, so
/// one without a row in the catalogue means that commits were lost.
/// </summary>
internal sealed class TorrentRecords(RecordFolder folder, Catalogue catalogue, StorageWorkers workers)
{
    private readonly KeyedGate<InfoHash> _gate = new();

    public RecordFolder Folder => folder;

    /// <summary>Writes down what the catalogue has of a torrent now; deletes the record of one that it has no copy of.</summary>
    public async Task SaveAsync(InfoHash id, CancellationToken ct)
    {
        using var pass = await _gate.EnterAsync(id, ct);
        await workers.RunAsync(_ => Save(id, null), ct);
    }

    /// <summary>
    /// Changes or drops a copy in the catalogue while its record does not name it, so that what a crash leaves is never a record of what is not there. What it is to say afterwards is for
    /// the caller to save.
    /// </summary>
    public async Task ChangeAsync(InfoHash id, long copy, Func<Task> commit, CancellationToken ct)
    {
        using var pass = await _gate.EnterAsync(id, ct);
        await workers.RunAsync(_ => Save(id, without: copy), ct);
        await commit();
    }

    /// <summary>For torrents that a version without records entered, or whose record was lost.</summary>
    public async Task SaveMissingAsync(IReadOnlyList<InfoHash> ids, CancellationToken ct)
    {
        foreach (var id in ids) await SaveAsync(id, ct);
    }

    public Task FlushAsync() => workers.RunAsync(_ => folder.Flush(), CancellationToken.None);

    private void Save(InfoHash id, long? without)
    {
        try
        {
            if (catalogue.Records.Find(id, without) is { } record) folder.Write(record);
            else folder.Delete(id);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Writing(e, folder.Path);
        }
    }
}
