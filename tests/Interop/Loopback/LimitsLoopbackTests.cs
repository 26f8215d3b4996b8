using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Engine.Limits;
using Shoal.Storage;
using Xunit;

namespace Shoal.Interop.Loopback;

/// <summary>Limits on real sockets, so low that what they hold back would never arrive: nothing here depends on how fast the machine is.</summary>
public sealed class LimitsLoopbackTests
{
    private const int Piece = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task HoldsOneTorrentBack_UntilItIsLifted_WhileAnotherGoes()
    {
        await using var seed = new EngineNode();
        await using var downloader = new EngineNode();
        var (held, free) = (await ShareAsync(seed, "held", 1), await ShareAsync(seed, "free", 2));
        var swarm = await LearnAsync(downloader, held, seed);
        swarm.Limits.Download.BytesPerSecond = 1;
        await downloader.OpenAsync(swarm, held.Info, new PieceLayers(held.Info));

        await downloader.FetchAsync(free.Info.InfoHash, seed.EndPoint).WaitAsync(Patience);
        Assert.False(swarm.Completed.IsCompleted);
        swarm.Limits.Download.BytesPerSecond = 0;

        await swarm.Completed.WaitAsync(Patience);
    }

    [Fact]
    public async Task HoldsWhatItSends_ToWhoeverConnects()
    {
        await using var seed = new EngineNode();
        await using var downloader = new EngineNode();
        var (held, free) = (await ShareAsync(seed, "held", 1), await ShareAsync(seed, "free", 2));
        var swarm = await LearnAsync(downloader, held, seed);
        seed.Engine.Limit(held.Info.InfoHash, upload: 1);
        await downloader.OpenAsync(swarm, held.Info, new PieceLayers(held.Info));

        await downloader.FetchAsync(free.Info.InfoHash, seed.EndPoint).WaitAsync(Patience);
        Assert.False(swarm.Completed.IsCompleted);
        seed.Engine.Limit(held.Info.InfoHash, upload: 0);

        await swarm.Completed.WaitAsync(Patience);
    }

    [Fact]
    public async Task PeersOnTheLocalNetwork_MayBeExempt()
    {
        await using var seed = new EngineNode(uploadLimit: 1, limitLocalPeers: false);
        await using var downloader = new EngineNode(downloadLimit: 1, limitLocalPeers: false);
        var shared = await ShareAsync(seed, "near", 1);

        var path = await downloader.FetchAsync(shared.Info.InfoHash, seed.EndPoint).WaitAsync(Patience);

        Assert.Equal(16 * Piece, new FileInfo(path).Length);
    }

    [Fact]
    public async Task RemembersWhatWasSet_WhetherItIsJoinedOrNot()
    {
        await using var node = new EngineNode();
        var shared = await ShareAsync(node, "one", 1);
        var id = shared.Info.InfoHash;
        node.Engine.Limit(id, download: 5);
        Assert.Equal(new TransferRates(5, 0), node.Engine.Find(id)!.Limits.Rates);

        await node.Engine.LeaveAsync(node.Engine.Find(id)!);
        Assert.Equal(new TransferRates(5, 0), node.Engine.LimitsOf(id));
        Assert.Equal(new TransferRates(5, 7), node.Engine.Limit(id, upload: 7));
        Assert.Equal(new TransferRates(5, 7), node.Engine.Join(id).Limits.Rates);

        Assert.Equal(default, node.Engine.Limit(id, 0, 0));
        await node.Engine.LeaveAsync(node.Engine.Find(id)!);
        Assert.Equal(default, node.Engine.Join(id).Limits.Rates);
    }

    private static Task<ShareResult> ShareAsync(EngineNode node, string name, int seed)
    {
        var bytes = new byte[16 * Piece];
        new Random(seed).NextBytes(bytes);
        File.WriteAllBytes(node.Folder[name], bytes);
        return node.ShareAsync(name, Piece);
    }

    /// <summary>Connects, and begins nothing.</summary>
    private static async Task<SwarmLoop> LearnAsync(EngineNode downloader, ShareResult shared, EngineNode seed)
    {
        var swarm = downloader.Engine.Join(shared.Info.InfoHash);
        swarm.AddPeers([seed.EndPoint], named: true);
        await swarm.Metadata.WaitAsync(Patience);
        return swarm;
    }
}
