using CsCheck;
using Shoal.Core.Geometry;
using Shoal.Harness.Disk;
using Shoal.Storage;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Disk;
using Xunit;

namespace Shoal.Unit.Storage;

/// <summary>A store on a disk that loses what was not flushed, while its catalogue loses the end of its log.</summary>
public sealed class PowerTests
{
    private const int Piece = StoreBench.PieceLength;
    private const int Seeds = 30; // what comes through a power cut is random

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task KeepsWhatWasFlushed_WhereverThePowerGoes(bool canSyncAll, bool tears)
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("folder/a", StoreBench.Content(4 * Piece + 1));
        bench.Folder.Write("folder/empty", []);
        bench.Folder.Write("folder/sub/deep/c", StoreBench.Content(2000, seed: 2));
        var shared = await bench.ShareAsync("folder");
        for (var failing = 1; ; failing++)
        {
            var world = new PowerWorld(bench, failing, canSyncAll) { Tears = tears };
            world.FailFrom(failing);
            var wasDone = false;
            try
            {
                await world.OpenAsync();
                await world.BeginAsync(shared);
                for (var i = 0; i < shared.Info.Geometry.PieceCount; i++)
                {
                    await world.PutAsync(shared, i);
                    if (i % 2 == 1) await world.FlushAsync();
                }

                await world.CompleteAsync(shared);
                await world.FlushAsync();
                wasDone = !world.Failed;
            }
            catch (StoreException)
            {
                // the power is gone
            }

            await world.LosePowerAsync();
            await world.OpenAsync();
            await world.AssertKeptAsync();
            await world.AssertCanBeFinishedAsync(shared, $"failing at {failing}");
            await world.CloseAsync();
            if (wasDone) break;
        }
    }

    /// <summary>A download is done, and the power goes before its name is flushed, or just after: the pieces that were flushed are there, and it can be finished.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatWasFlushedStaysThere_WhenThePowerGoesAfterDone(bool canSyncAll)
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(3 * Piece + 9));
        for (var seed = 0; seed < Seeds; seed++)
        {
            var world = new PowerWorld(bench, seed, canSyncAll);
            await world.OpenAsync();
            await world.BeginAsync(shared);
            await world.PutAsync(shared, 1);
            await world.FlushAsync();
            foreach (var piece in (int[])[0, 2, 3]) await world.PutAsync(shared, piece);
            await world.CompleteAsync(shared);
            await world.LosePowerAsync();
            await world.OpenAsync();
            await world.AssertKeptAsync();
            await world.AssertCanBeFinishedAsync(shared, $"seed {seed}");
            await world.CloseAsync();
        }
    }

    /// <summary>A file that was flushed is gone, by a removal or by somebody's hand, and is fetched anew: a catalogue that falls back does not take it for the old one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NewBytesAreNotTakenForOld_WhenThePowerGoes(bool isRemoved)
    {
        await using var bench = new StoreBench();
        var shared = await bench.ShareAsync("file", StoreBench.Content(3 * Piece + 9));
        for (var seed = 0; seed < Seeds; seed++)
        {
            var world = new PowerWorld(bench, seed, canSyncAll: false);
            await world.OpenAsync();
            await world.BeginAsync(shared);
            foreach (var piece in (int[])[0, 1, 2]) await world.PutAsync(shared, piece);
            await world.FlushAsync();
            if (isRemoved) await world.RemoveAsync(shared, deleteFiles: true);
            else await world.DeleteStagedAsync(shared);

            await world.BeginAsync(shared);
            await world.PutAsync(shared, 3);
            await world.LosePowerAsync();
            await world.OpenAsync();
            await world.AssertKeptAsync();
            await world.AssertCanBeFinishedAsync(shared, $"seed {seed}");
            await world.CloseAsync();
        }
    }

    [Fact]
    public async Task AFlushOfTheCatalogueWaitsForACommitUnderWay()
    {
        using var folder = new ScratchFolder();
        using var catalogue = new Catalogue(folder["catalogue.db"], TimeSpan.FromMilliseconds(5), TimeProvider.System, checksWhole: false, _ => { }, (_, _) => { });
        using var goesOn = new ManualResetEventSlim();
        var isUnderWay = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var commit = catalogue.WriteAsync(
            _ =>
            {
                isUnderWay.SetResult();
                goesOn.Wait();
            },
            CancellationToken.None);
        await isUnderWay.Task;

        var flush = catalogue.FlushAsync();
        Assert.False(flush.IsCompleted);
        goesOn.Set();
        await commit;
        await flush;
        Assert.True(catalogue.FlushedLog > 0);
    }

    [Fact]
    public void EqualsADictionary_ThroughKillsAndPowerCuts() =>
        Gen.Select(Gen.Int[0, 999_999].Array[5, 60], Gen.Int[0, 1_000_000], Gen.Bool).Sample(
            (operations, seed, canSyncAll) => RunAsync(operations, seed, canSyncAll).GetAwaiter().GetResult(), iter: 40, threads: 1);

    private static async Task RunAsync(int[] operations, int seed, bool canSyncAll)
    {
        await using var bench = new StoreBench();
        bench.Folder.Write("first/a", StoreBench.Content(5 * Piece + 1));
        bench.Folder.Write("first/b/c", StoreBench.Content(500, seed: 2));
        bench.Folder.Write("first/b/none", []);
        ShareResult[] torrents = [await bench.ShareAsync("first"), await bench.ShareAsync("second", StoreBench.Content(3 * Piece + 9, seed: 3))];
        var world = new PowerWorld(bench, seed, canSyncAll);
        await world.OpenAsync();
        foreach (var operation in operations)
        {
            var shared = torrents[operation / 16 % 2];
            switch (operation % 16)
            {
                case 0:
                    await world.KillAsync();
                    await world.OpenAsync();
                    break;
                case 1:
                    await world.LosePowerAsync();
                    await world.OpenAsync();
                    break;
                case 2:
                    await world.CloseAsync();
                    await world.OpenAsync();
                    break;
                case 3 or 4:
                    await world.FlushAsync();
                    break;
                case 5:
                    await world.VerifyAsync();
                    break;
                case 6:
                    await world.RemoveAsync(shared, deleteFiles: operation / 32 % 2 == 0);
                    break;
                case 7:
                    await world.BeginAsync(shared);
                    await world.CompleteAsync(shared);
                    break;
                default:
                    await world.BeginAsync(shared);
                    await world.PutAsync(shared, operation / 32 % shared.Info.Geometry.PieceCount);
                    break;
            }

            await world.AssertKeptAsync();
        }

        foreach (var shared in torrents) await world.AssertCanBeFinishedAsync(shared, "in the end");
        await world.CloseAsync();
    }
}
