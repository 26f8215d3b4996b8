using Shoal.Core;
using Shoal.Node.Events;
using Shoal.Node.Torrents;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>
/// Makes room: of what was downloaded or copied into the store, and is not pinned, in use, or the last copy known, the least recently used goes first, until no more than wanted is held. What the
/// user shares is never touched.
/// </summary>
internal sealed class Collection(NodeServices services, Reporter reporter)
{
    private readonly Store _store = services.Store;
    private readonly OtherHolders _others = new(services);

    /// <summary>Evict even what nobody else is known to have.</summary>
    public bool TakesLast { get; init; }

    public bool DryRun { get; init; }

    /// <summary>A torrent that is not to go.</summary>
    public InfoHash? Except { get; init; }

    /// <returns>Whether no more than that is held now, or would be.</returns>
    public async Task<bool> RunAsync(long keep, CancellationToken ct)
    {
        var (held, freed) = (_store.BroughtBytes(), 0L);
        foreach (var torrent in _store.List().Where(t => !t.IsShared && t.Id != Except).OrderBy(_store.LastUsed).ToList())
        {
            if (held <= keep) break;
            if (_store.BroughtBytes(torrent) is var bytes && bytes == 0) continue;

            if (await WhyKeepAsync(torrent, ct) is { } reason)
            {
                reporter.Report(new KeptEvent(torrent.Id.ToString(), torrent.Name, torrent.Path, bytes, reason));
                continue;
            }

            if (!DryRun) await _store.RemoveAsync(torrent, deleteFiles: true, ct);
            (held, freed) = (held - bytes, freed + bytes);
            reporter.Report(new EvictedEvent(torrent.Id.ToString(), torrent.Name, torrent.Path, bytes, DryRun));
        }

        reporter.Report(new CollectedEvent(freed, held, keep, DryRun));
        return held <= keep;
    }

    /// <summary>Leaves a torrent that may go unserved, unless it is only asked about.</summary>
    private async Task<string?> WhyKeepAsync(StoredTorrent torrent, CancellationToken ct)
    {
        if (_store.IsPinned(torrent.Id)) return "pinned";
        if (!TakesLast && !HasAnotherCopy(torrent) && !(await _others.CountAsync(torrent, ct) > 0)) return "last-copy";
        if (services.Swarms is not { } swarms || services.Serving is not { } serving) return null;
        if (await swarms.CountLeasesAsync(torrent.Id) > (serving.Serves(torrent.Id) ? 1 : 0)) return "in-use";

        if (!DryRun) await serving.DropAsync(torrent.Id);
        return null;
    }

    private bool HasAnotherCopy(StoredTorrent torrent) => _store.List().Any(t => t.Id == torrent.Id && t.Path != torrent.Path && t.IsComplete);
}
