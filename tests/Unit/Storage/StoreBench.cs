using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Harness.Disk;
using Shoal.Storage;
using Shoal.Storage.Disk;
using Xunit;

namespace Shoal.Unit.Storage;

/// <summary>Two stores in a scratch folder: one that shares, one that downloads.</summary>
internal sealed class StoreBench : IAsyncDisposable
{
    public const int PieceLength = 64 * 1024;

    private readonly List<Store> _stores = [];

    public ScratchFolder Folder { get; } = new();

    public FaultyDisk Disk { get; } = new(new RealDisk());

    public List<StoreWarning> Warnings { get; } = [];

    public string Downloads => Folder["downloads"];

    public static byte[] Content(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public Store Open(string name = "store", string boot = "first", IDisk? disk = null, TimeSpan sourceCheck = default)
    {
        var options = new StoreOptions { Path = Folder[name], Workers = 2, CommitInterval = TimeSpan.FromMilliseconds(5), SourceCheckInterval = sourceCheck };
        var store = Store.Open(options, disk ?? Disk, TimeProvider.System, new FixedBoot(boot), NullLogger.Instance);
        store.Warned += w =>
        {
            lock (Warnings) Warnings.Add(w);
        };
        _stores.Add(store);
        return store;
    }

    public async Task<ShareResult> ShareAsync(string relative, byte[] content, int pieceLength = PieceLength)
    {
        Folder.Write(relative, content);
        await using var store = Open("seed", disk: new RealDisk());
        return await store.ShareAsync(Folder[relative], new ShareSettings { PieceLength = pieceLength }, null, CancellationToken.None);
    }

    public async Task<ShareResult> ShareAsync(string relative, int pieceLength = PieceLength)
    {
        await using var store = Open("seed", disk: new RealDisk());
        return await store.ShareAsync(Folder[relative], new ShareSettings { PieceLength = pieceLength }, null, CancellationToken.None);
    }

    public Task<TorrentContent> BeginAsync(Store store, ShareResult shared, bool overwrite = false) =>
        store.BeginDownloadAsync(shared.Info, shared.Layers, Downloads, new DownloadSettings { Overwrite = overwrite }, null, CancellationToken.None);

    /// <summary>Puts every absent piece, as it lies in the shared source, and says how many that were.</summary>
    public static async Task<int> FetchAsync(TorrentContent content, ShareResult shared, int limit = int.MaxValue)
    {
        var present = content.CopyPresent();
        var puts = 0;
        for (var i = present.NextClear(0); i >= 0 && puts < limit; i = present.NextClear(i + 1), puts++)
        {
            var outcome = await content.PutAsync(new PieceIndex(i), Piece(shared, i), CancellationToken.None);
            if (outcome.Error is not null) throw outcome.Error;
            Assert.Equal(PutStatus.Stored, outcome.Status);
        }

        return puts;
    }

    public static byte[] Piece(ShareResult shared, int piece)
    {
        var geometry = shared.Info.Geometry;
        var index = new PieceIndex(piece);
        var bytes = new byte[geometry.LengthOf(index)];
        foreach (var span in geometry.SpansOf(index))
        {
            var path = shared.Info.IsSingleFile ? shared.Torrent.Path : Path.Join([shared.Torrent.Path, .. shared.Info.Files[span.File].Path]);
            using var handle = File.OpenHandle(path);
            RandomAccess.Read(handle, bytes.AsSpan(span.Begin, span.Length), span.Offset);
        }

        return bytes;
    }

    /// <summary>Every piece that the content says it has reads as it was shared.</summary>
    public static async Task AssertServesAsync(TorrentContent content, ShareResult shared)
    {
        var present = content.CopyPresent();
        for (var i = present.NextSet(0); i >= 0; i = present.NextSet(i + 1))
        {
            var bytes = new byte[shared.Info.Geometry.LengthOf(new PieceIndex(i))];
            Assert.True(await content.TryReadAsync(new PieceIndex(i), 0, bytes, CancellationToken.None));
            Assert.Equal(Piece(shared, i), bytes);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores) await store.DisposeAsync();
        Folder.Dispose();
    }
}
