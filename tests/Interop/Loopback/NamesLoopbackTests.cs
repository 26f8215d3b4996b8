using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Engine.Encryption;
using Xunit;

namespace Shoal.Interop.Loopback;

public sealed class NamesLoopbackTests
{
    private const int Piece = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(100)]
    [InlineData(Piece)]
    [InlineData(30 * Piece + 5)]
    public async Task GivesAFileOfATorrent_ToWhoKnowsItsIdAlone(int length)
    {
        await using var seed = new EngineNode();
        await using var downloader = new EngineNode();
        var bytes = Bytes(length);
        seed.Folder.Write("folder/other", Bytes(5));
        seed.Folder.Write("folder/wanted", bytes);
        var shared = await seed.ShareAsync("folder", Piece);
        await using var source = new StoreSource(seed);

        var path = await downloader.FetchAsync(shared.Info.Files[1].Id.Value, seed.EndPoint).WaitAsync(Patience);

        Assert.Equal(bytes, await File.ReadAllBytesAsync(path));
        Assert.Equal(1, source.Opened);
    }

    [Fact]
    public async Task GivesTheLastChunkOfAFile_ToWhoKnowsItsIdAlone()
    {
        await using var seed = new EngineNode();
        await using var downloader = new EngineNode();
        var bytes = Bytes(30 * Piece + 5);
        seed.Folder.Write("file", bytes);
        var shared = await seed.ShareAsync("file", Piece);
        await using var source = new StoreSource(seed);

        var path = await downloader.FetchAsync(shared.Layers[new PieceIndex(30)].Value, seed.EndPoint).WaitAsync(Patience);

        Assert.Equal(bytes[(30 * Piece)..], await File.ReadAllBytesAsync(path));
    }

    [Fact]
    public async Task MeetsNobodyUnderAnId_WhereAllStreamsAreEncrypted()
    {
        await using var seed = new EngineNode(encryption: EncryptionMode.Require);
        await using var downloader = new EngineNode();
        seed.Folder.Write("file", Bytes(Piece));
        var shared = await seed.ShareAsync("file", Piece);
        await using var source = new StoreSource(seed);
        var swarm = downloader.Engine.Join(new SwarmNames(new InfoHash(shared.Info.Files[0].Id.Value)) { MayBeRun = true });

        swarm.AddPeers([seed.EndPoint], named: true);
        while (swarm.Snapshot.Counts.Failed == 0) await Task.Delay(20).WaitAsync(Patience);

        Assert.Equal((0, false), (source.Opened, swarm.Metadata.IsCompleted));
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Opens the swarm of whatever the store of a node has under a key.</summary>
    private sealed class StoreSource : ISwarmSource, IAsyncDisposable
    {
        private readonly EngineNode _node;
        private readonly List<IAsyncDisposable> _open = [];

        public StoreSource(EngineNode node)
        {
            _node = node;
            node.Engine.Source = this;
        }

        public int Opened => _open.Count;

        public async Task<SwarmLoop?> OpenAsync(Hash160 key, NetEndPoint from, CancellationToken ct)
        {
            if (_node.Store.FindRuns(key) is not [var run, ..] || await _node.Store.ReadRootAsync(run, ct) is not { } root) return null;

            var content = await _node.Store.OpenRunAsync(run, CanonicalTorrent.Create(root, run.Length), ct);
            _open.Add(content);
            var swarm = _node.Engine.Join(new SwarmNames(content.Info.InfoHash) { Ids = [.. new[] { root.Value.Truncated, run.Id.Truncated }.Distinct()] });
            swarm.Open(content);
            return swarm;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var swarm in _node.Engine.Swarms) await _node.Engine.LeaveAsync(swarm);
            foreach (var content in _open) await content.DisposeAsync();
        }
    }
}
