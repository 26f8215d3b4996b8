using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Storage.Disk;

namespace Shoal.Storage;

/// <summary>
/// The room's entry: the catalogue of what is held, and the content itself, served from where it lies. One process at a time.
/// Invariant: what the catalogue says is there was proven and is in its place; bytes are written, proven, and only then entered.
/// Any thread may call; work runs on storage workers and one catalogue writer, and callers wait when those are busy. BEP 52.
/// </summary>
public sealed class Store : IAsyncDisposable
{
    /// <summary>Something an operator should know. Raised on a thread of the store; must return quickly.</summary>
    public event Action<StoreWarning>? Warned = delegate { };

    /// <exception cref="StoreException">In use, newer, damaged or unwritable.</exception>
    public static Store Open(StoreOptions options, IDisk disk, TimeProvider clock, ILogger logger) => throw new NotImplementedException();

    /// <summary>Every torrent held, one entry for each copy, in the order they came.</summary>
    public IReadOnlyList<StoredTorrent> List() => throw new NotImplementedException();

    /// <summary>The best copy of a torrent: a complete one before one in part.</summary>
    public StoredTorrent? Find(InfoHash id) => throw new NotImplementedException();

    public StoredTorrent? Find(Hash160 truncated) => throw new NotImplementedException();

    /// <summary>Where files with that name and length lie, in any torrent.</summary>
    public IReadOnlyList<StoredFile> FindFiles(FileId id, long length) => throw new NotImplementedException();

    /// <summary>The info dictionary of a torrent held, without opening its content.</summary>
    public TorrentInfo ReadInfo(StoredTorrent torrent) => throw new NotImplementedException();

    /// <summary>Hashes a file or folder where it lies and enters it. What was hashed before and has not changed is not read again.</summary>
    public Task<ShareResult> ShareAsync(string path, ShareSettings settings, IProgress<HashProgress>? progress, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Opens the best copy of a torrent to serve it. Every open is ended by a dispose; all of one copy share one object.</summary>
    public Task<TorrentContent> OpenAsync(StoredTorrent torrent, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>
    /// Begins a download, or goes on with one. What stands at the target is proven first, and what the store has elsewhere is copied; both count as reused.
    /// Layers that are unknown may become known on the way.
    /// </summary>
    /// <exception cref="StoreException">Before anything was changed, if the target holds other content, there is no room, or names collide.</exception>
    public Task<TorrentContent> BeginDownloadAsync(
        TorrentInfo info, PieceLayers layers, string folder, DownloadSettings settings, IProgress<HashProgress>? progress, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Proves again everything that a copy has. Pieces that are bad are absent from then on.</summary>
    public Task<VerifyResult> VerifyAsync(StoredTorrent torrent, IProgress<HashProgress>? progress, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Forgets a copy. Unfinished files of a download go; finished ones only if asked to; a shared source never.</summary>
    public Task RemoveAsync(StoredTorrent torrent, bool deleteFiles, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Waits for work under way, brings everything to the medium, enters it, and lets the store go.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
