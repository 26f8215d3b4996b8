using Shoal.Core;
using Shoal.Engine;
using Shoal.Harness.Wire;
using Shoal.Wire.Transport;
using Xunit;

namespace Shoal.Interop.Loopback;

public sealed class EngineLoopbackTests
{
    private const int Block = 16 * 1024, Piece = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1)]
    [InlineData(Block - 1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData(Piece - 1)]
    [InlineData(Piece)]
    [InlineData(Piece + 1)]
    [InlineData(700 * Piece + 3 * Block + 5)]
    public async Task DeliversAFileByteForByte_KnowingOnlyItsName(int length)
    {
        await using var seed = new EngineNode();
        await using var downloader = new EngineNode();
        var bytes = Bytes(length, length);
        seed.Folder.Write("file.bin", bytes);
        var shared = await seed.ShareAsync("file.bin", Piece);

        var path = await downloader.FetchAsync(shared.Info.InfoHash, seed.EndPoint).WaitAsync(Patience);

        Assert.Equal(bytes, await File.ReadAllBytesAsync(path));
    }

    [Fact]
    public async Task DeliversAFolder_WithEmptySmallAndLargeFiles()
    {
        await using var seed = new EngineNode();
        await using var downloader = new EngineNode();
        for (var i = 0; i < 300; i++) seed.Folder.Write($"folder/{i % 7}/file {i}", Bytes(i % 50 == 0 ? 10 * Piece + i : i % 11 == 0 ? 0 : 4096 + i, i));
        var shared = await seed.ShareAsync("folder", Piece);

        var path = await downloader.FetchAsync(shared.Info.InfoHash, seed.EndPoint).WaitAsync(Patience);

        foreach (var file in Directory.EnumerateFiles(seed.Folder["folder"], "*", SearchOption.AllDirectories))
        {
            Assert.Equal(await File.ReadAllBytesAsync(file), await File.ReadAllBytesAsync(Path.Join(path, Path.GetRelativePath(seed.Folder["folder"], file))));
        }
    }

    [Fact]
    public async Task PassesOnWhileDownloading_WhenOnlyOneKnowsTheSeed()
    {
        await using var seed = new EngineNode(uploadLimit: 8_000_000);
        await using var first = new EngineNode();
        await using var second = new EngineNode();
        var bytes = Bytes(4_000_000, 3);
        seed.Folder.Write("file.bin", bytes);
        var shared = await seed.ShareAsync("file.bin", Piece);

        var one = first.FetchAsync(shared.Info.InfoHash, seed.EndPoint);
        var other = second.FetchAsync(shared.Info.InfoHash, first.EndPoint);

        Assert.Equal(bytes, await File.ReadAllBytesAsync(await one.WaitAsync(Patience)));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(await other.WaitAsync(Patience)));
    }

    [Fact]
    public async Task DrawsOnAllSeeds_AndSaysWhatEachGave()
    {
        await using var one = new EngineNode(uploadLimit: 4_000_000);
        await using var other = new EngineNode(uploadLimit: 4_000_000);
        await using var downloader = new EngineNode();
        var bytes = Bytes(6_000_000, 4);
        one.Folder.Write("file.bin", bytes);
        other.Folder.Write("file.bin", bytes);
        var shared = await one.ShareAsync("file.bin", Piece);
        await other.ShareAsync("file.bin", Piece);

        await downloader.FetchAsync(shared.Info.InfoHash, one.EndPoint, other.EndPoint).WaitAsync(Patience);

        var givers = downloader.Engine.Find(shared.Info.InfoHash)!.Snapshot.Givers;
        Assert.Equal([one.EndPoint, other.EndPoint], givers.Select(g => g.EndPoint).OrderBy(e => e == one.EndPoint ? 0 : 1));
        Assert.All(givers, g => Assert.True(g.Received > 1_000_000));
        Assert.True(givers.Sum(g => g.Received) >= bytes.Length);
    }

    [Fact]
    public async Task GetsTheRightBytes_WhenOnePeerCorruptsThem()
    {
        var network = new TcpTransport([]);
        await using var seed = new EngineNode(uploadLimit: 3_000_000);
        await using var downloader = new EngineNode();
        var bytes = Bytes(3_000_000, 5);
        seed.Folder.Write("file.bin", bytes);
        var shared = await seed.ShareAsync("file.bin", Piece);
        var swarm = await downloader.BeginAsync(shared.Info.InfoHash, seed.EndPoint);

        await using var liar = new ScriptedPeer(await network.ConnectAsync(downloader.EndPoint, CancellationToken.None));
        await LieAsync(liar, shared.Info.InfoHash).WaitAsync(Patience);
        await swarm.Completed.WaitAsync(Patience);

        Assert.Equal(bytes, await ReadAsync(downloader));

        static async Task LieAsync(ScriptedPeer liar, InfoHash id)
        {
            await liar.GreetAsync(KeyOf(id), "-XX0000-liar");
            await liar.SendAsync([.. ScriptedPeer.Message(ScriptedPeer.HaveAll), .. ScriptedPeer.Message(ScriptedPeer.Unchoke)]);
            try
            {
                while (await liar.ReadMessageAsync() is { } message)
                {
                    if (message.Type == ScriptedPeer.Request) await liar.SendAsync(ScriptedPeer.Message(ScriptedPeer.Piece, [.. message.Payload[..8], .. new byte[Block]]));
                }
            }
            catch (IOException)
            {
            }
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: example\r\n\r\n")]
    [InlineData("")]
    [InlineData("\u0013BitTorrent protocol")]
    public async Task GoesOnServing_WhenSomebodySendsGarbage(string garbage)
    {
        var network = new TcpTransport([]);
        await using var seed = new EngineNode();
        await using var downloader = new EngineNode();
        seed.Folder.Write("file.bin", Bytes(Piece, 6));
        var shared = await seed.ShareAsync("file.bin", Piece);

        await using var stranger = new ScriptedPeer(await network.ConnectAsync(seed.EndPoint, CancellationToken.None));
        if (garbage.Length > 0) await stranger.SendAsync(System.Text.Encoding.Latin1.GetBytes(garbage));
        var path = await downloader.FetchAsync(shared.Info.InfoHash, seed.EndPoint).WaitAsync(Patience);

        Assert.Equal(Piece, new FileInfo(path).Length);
        await stranger.ReadToEndAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task LeavesNothingBehind_WhenStoppedMidway()
    {
        var seed = new EngineNode(uploadLimit: 200_000);
        var downloader = new EngineNode(downloadLimit: 150_000);
        seed.Folder.Write("file.bin", Bytes(3_000_000, 7));
        var shared = await seed.ShareAsync("file.bin", Piece);
        var swarm = await downloader.BeginAsync(shared.Info.InfoHash, seed.EndPoint).WaitAsync(Patience);
        var arrived = new TaskCompletionSource();
        swarm.PieceArrived += (_, _) => arrived.TrySetResult();
        await arrived.Task.WaitAsync(Patience);

        await downloader.DisposeAsync().AsTask().WaitAsync(Patience);
        await seed.DisposeAsync().AsTask().WaitAsync(Patience);

        Assert.Equal(0, downloader.Engine.Buffers.Leased);
        Assert.Equal(0, seed.Engine.Buffers.Leased);
        Assert.True(swarm.Completed.IsCanceled);
    }

    [Fact]
    public async Task GoesOn_WhenTheSeedIsReplaced()
    {
        await using var downloader = new EngineNode();
        var first = new EngineNode(uploadLimit: 1_000_000);
        await using var second = new EngineNode();
        var bytes = Bytes(3_000_000, 8);
        first.Folder.Write("file.bin", bytes);
        second.Folder.Write("file.bin", bytes);
        var shared = await first.ShareAsync("file.bin", Piece);
        await second.ShareAsync("file.bin", Piece);
        var swarm = await downloader.BeginAsync(shared.Info.InfoHash, first.EndPoint).WaitAsync(Patience);
        var arrived = new TaskCompletionSource();
        swarm.PieceArrived += (_, _) => arrived.TrySetResult();
        await arrived.Task.WaitAsync(Patience);

        await first.DisposeAsync();
        swarm.AddPeers([second.EndPoint]);
        await swarm.Completed.WaitAsync(Patience);

        Assert.Equal(bytes, await ReadAsync(downloader));
    }

    private static Task<byte[]> ReadAsync(EngineNode node) =>
        File.ReadAllBytesAsync(Directory.EnumerateFiles(node.Folder["downloads"], "file.bin", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Single());

    private static byte[] KeyOf(InfoHash id)
    {
        var key = new byte[20];
        id.Truncated.CopyTo(key);
        return key;
    }

    private static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
