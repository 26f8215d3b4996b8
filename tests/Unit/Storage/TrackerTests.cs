using Microsoft.Data.Sqlite;
using Shoal.Core;
using Shoal.Storage;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class TrackerTests
{
    private static readonly string[][] Tiers = [["http://b", "http://a"], ["udp://c:1"]];

    [Fact]
    public async Task RemembersThemInOrder_OverARestart()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(100));
        await using (var store = bench.Open("seed"))
        {
            await store.SetTrackersAsync(shared.Info.InfoHash, [["http://old"]], CancellationToken.None);
            await store.SetTrackersAsync(shared.Info.InfoHash, Tiers, CancellationToken.None);
        }

        await using var again = bench.Open("seed");

        Assert.Equal(Tiers, again.Trackers(shared.Info.InfoHash));
        Assert.Empty(again.Trackers(new InfoHash(Hash.Sha256("other"u8))));
    }

    [Fact]
    public async Task ForgetsThemWithTheTorrent()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(100));
        await using var store = bench.Open("seed");
        await store.SetTrackersAsync(shared.Info.InfoHash, Tiers, CancellationToken.None);
        await store.RemoveAsync(shared.Torrent, deleteFiles: false, CancellationToken.None);

        Assert.Empty(store.Trackers(shared.Info.InfoHash));
        await store.SetTrackersAsync(shared.Info.InfoHash, Tiers, CancellationToken.None);
        Assert.Empty(store.Trackers(shared.Info.InfoHash));
    }

    [Fact]
    public async Task BringsAStoreOfVersion1UpToDate_AndLosesNothing()
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(100));
        using (var connection = new SqliteConnection($"Data Source={bench.Folder["seed", "catalogue.db"]};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "DROP TABLE runs; DROP TABLE trackers; DROP TABLE pins; DROP TABLE uses; DROP TABLE settings; ALTER TABLE torrents DROP COLUMN infohash_v1; PRAGMA user_version = 1;";
            command.ExecuteNonQuery();
        }

        await using (var store = bench.Open("seed"))
        {
            Assert.Equal(shared.Torrent with { Added = default }, Assert.Single(store.List()) with { Added = default });
            await store.SetTrackersAsync(shared.Info.InfoHash, Tiers, CancellationToken.None);
        }

        await using var again = bench.Open("seed");
        Assert.Equal(Tiers, again.Trackers(shared.Info.InfoHash));
    }
}
