using System.Net;
using System.Net.Sockets;
using Shoal.Core;
using Shoal.Engine;
using Shoal.Engine.Encryption;
using Shoal.Engine.Limits;
using Shoal.Harness.Wire;
using Shoal.Wire;
using Shoal.Wire.Encryption;
using Shoal.Wire.Transport;
using Xunit;

namespace Shoal.Interop.Loopback;

public sealed class EncryptionLoopbackTests
{
    private const int Piece = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<EncryptionMode, EncryptionMode> Pairs =>
        [.. Enum.GetValues<EncryptionMode>().SelectMany(one => Enum.GetValues<EncryptionMode>(), (one, other) => (one, other))];

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task DeliversAFile_WhereTheModesAgree(EncryptionMode seeds, EncryptionMode fetches)
    {
        await using var seed = new EngineNode(encryption: seeds);
        await using var downloader = new EngineNode(encryption: fetches);
        var bytes = new byte[10 * Piece + 5];
        new Random(1).NextBytes(bytes);
        seed.Folder.Write("file.bin", bytes);
        var shared = await seed.ShareAsync("file.bin", Piece);
        if (!Agree(seeds, fetches))
        {
            using var way = new Way(fetches);
            Assert.Null(await way.TryOpenAsync(seed.EndPoint, new SwarmKeys(shared.Info.Keys, [])).WaitAsync(Patience));
            return;
        }

        var path = await downloader.FetchAsync(shared.Info.InfoHash, seed.EndPoint).WaitAsync(Patience);

        Assert.Equal(bytes, await File.ReadAllBytesAsync(path));
    }

    [Theory]
    [InlineData(EncryptionMode.Allow, EncryptionMode.Allow, false, 1)]
    [InlineData(EncryptionMode.Allow, EncryptionMode.Require, true, 2)]
    [InlineData(EncryptionMode.Prefer, EncryptionMode.Allow, true, 1)]
    [InlineData(EncryptionMode.Prefer, EncryptionMode.Off, false, 2)]
    [InlineData(EncryptionMode.Require, EncryptionMode.Prefer, true, 1)]
    [InlineData(EncryptionMode.Off, EncryptionMode.Prefer, false, 1)]
    public async Task ConnectsInTheWayOfItsMode_AndAtOnceTheSecondTime(EncryptionMode connects, EncryptionMode isConnectedTo, bool isEncrypted, int attempts)
    {
        await using var seed = new EngineNode(encryption: isConnectedTo);
        seed.Folder.Write("file.bin", new byte[Piece]);
        var keys = new SwarmKeys((await seed.ShareAsync("file.bin", Piece)).Info.Keys, []);
        using var way = new Way(connects);

        var first = await way.TryOpenAsync(seed.EndPoint, keys).WaitAsync(Patience);
        var needed = way.Attempts;
        var second = await way.TryOpenAsync(seed.EndPoint, keys).WaitAsync(Patience);

        Assert.Equal((isEncrypted, isEncrypted), (first!.Connection is EncryptedConnection, second!.Connection is EncryptedConnection));
        Assert.Equal((attempts, attempts + 1), (needed, way.Attempts));
        await first.Connection.DisposeAsync();
        await second.Connection.DisposeAsync();
    }

    [Theory]
    [InlineData(EncryptionMode.Allow, true, CryptoMethods.Plaintext)]
    [InlineData(EncryptionMode.Allow, false, CryptoMethods.Rc4)]
    [InlineData(EncryptionMode.Prefer, true, CryptoMethods.Rc4)]
    [InlineData(EncryptionMode.Require, true, CryptoMethods.Rc4)]
    public async Task HearsWhatCameWithTheHandshake(EncryptionMode mode, bool offersPlaintext, CryptoMethods expected)
    {
        await using var seed = new EngineNode(encryption: mode);
        seed.Folder.Write("file.bin", new byte[Piece]);
        var keys = (await seed.ShareAsync("file.bin", Piece)).Info.Keys;
        await using var connection = await new TcpTransport([]).ConnectAsync(seed.EndPoint, CancellationToken.None);
        byte[] opening = [.. ScriptedPeer.Handshake(keys[0].ToArray(), ScriptedPeer.Id("early")), .. ScriptedPeer.Message(ScriptedPeer.HaveNone), .. ScriptedPeer.Message(ScriptedPeer.Interested)];
        var handshake = new InitiatorHandshake(keys[0], CryptoMethods.Rc4 | (offersPlaintext ? CryptoMethods.Plaintext : 0), opening, HandshakeSecrets.Draw(new Random(1)));

        using var service = new EncryptionService(1);
        var agreed = await service.TryRunAsync(connection, handshake, default, CancellationToken.None).WaitAsync(Patience);
        await using var peer = new ScriptedPeer(new Prefixed(agreed!.Connection, agreed.Received));

        Assert.Equal(19, (await peer.ReadAsync(Handshake.Length).WaitAsync(Patience))[0]);
        await peer.ReadUntilAsync(ScriptedPeer.Unchoke).WaitAsync(Patience);
        Assert.Equal(expected, handshake.Method);
    }

    [Fact]
    public async Task ClosesPlainConnections_WhenEncryptionIsRequired()
    {
        await using var seed = new EngineNode(encryption: EncryptionMode.Require);
        seed.Folder.Write("file.bin", new byte[Piece]);
        var keys = (await seed.ShareAsync("file.bin", Piece)).Info.Keys;
        await using var connection = await new TcpTransport([]).ConnectAsync(seed.EndPoint, CancellationToken.None);
        await using var peer = new ScriptedPeer(connection);

        await peer.SendAsync(ScriptedPeer.Handshake(keys[0].ToArray(), ScriptedPeer.Id("plain")));

        Assert.Equal(0, await connection.ReceiveAsync(new byte[1], CancellationToken.None).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task ForgetsASwarm_WhenItIsLeft()
    {
        await using var seed = new EngineNode(encryption: EncryptionMode.Require);
        seed.Folder.Write("file.bin", new byte[Piece]);
        var id = (await seed.ShareAsync("file.bin", Piece)).Info.InfoHash;
        using var way = new Way(EncryptionMode.Require);

        await seed.Engine.LeaveAsync(seed.Engine.Find(id)!);

        Assert.Null(await way.TryOpenAsync(seed.EndPoint, new SwarmKeys([id.Truncated], [])).WaitAsync(Patience));
    }

    [Fact]
    public async Task GoesOnServing_WhileStrangersMakeItExponentiate()
    {
        await using var seed = new EngineNode(encryption: EncryptionMode.Prefer);
        await using var downloader = new EngineNode(encryption: EncryptionMode.Require);
        seed.Folder.Write("file.bin", new byte[10 * Piece]);
        var shared = await seed.ShareAsync("file.bin", Piece);
        var strangers = new List<Socket>();
        for (var i = 0; i < 150; i++)
        {
            var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await stranger.ConnectAsync(seed.EndPoint.ToIPEndPoint());
            await stranger.SendAsync(Enumerable.Repeat((byte)(i | 64), 96).ToArray());
            strangers.Add(stranger);
        }

        var path = await downloader.FetchAsync(shared.Info.InfoHash, seed.EndPoint).WaitAsync(Patience);

        Assert.Equal(10 * Piece, new FileInfo(path).Length);
        foreach (var stranger in strangers) stranger.Dispose();
    }

    private static bool Agree(EncryptionMode one, EncryptionMode other) => (one, other) is not ((EncryptionMode.Off, EncryptionMode.Require) or (EncryptionMode.Require, EncryptionMode.Off));

    /// <summary>A way out that counts connections.</summary>
    private sealed class Way : ITransport, IDisposable
    {
        private readonly TransferLimits _limits = new(new RateLimiter(0, TimeProvider.System), new RateLimiter(0, TimeProvider.System));
        private readonly TcpTransport _tcp = new([new IPAddress([127, 0, 8, 1])]);

        private readonly Dialler _dialler;

        public Way(EncryptionMode mode) => _dialler = new Dialler(
            new EngineOptions { PeerId = new PeerId(Hash160.Random(new Random(99))), Encryption = mode }, this, new SharedRandom(new Random(99)), TimeProvider.System);

        public int Attempts { get; private set; }

        public Task<OpenedPeer?> TryOpenAsync(NetEndPoint endPoint, SwarmKeys keys) => _dialler.TryOpenAsync(endPoint, keys, isUnknown: false, _limits, CancellationToken.None);

        public ValueTask<ITransportConnection> ConnectAsync(NetEndPoint endPoint, CancellationToken ct)
        {
            Attempts++;
            return _tcp.ConnectAsync(endPoint, ct);
        }

        public void Dispose()
        {
            _dialler.Dispose();
            _limits.Download.Dispose();
            _limits.Upload.Dispose();
        }
    }

    /// <summary>A stream some of which was read already.</summary>
    private sealed class Prefixed(ITransportConnection inner, ReadOnlyMemory<byte> before) : ITransportConnection
    {
        private ReadOnlyMemory<byte> _before = before;

        public NetEndPoint LocalEndPoint => inner.LocalEndPoint;

        public NetEndPoint RemoteEndPoint => inner.RemoteEndPoint;

        public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
        {
            if (_before.IsEmpty) return inner.ReceiveAsync(buffer, ct);

            var count = Math.Min(buffer.Length, _before.Length);
            _before[..count].CopyTo(buffer);
            _before = _before[count..];
            return new(count);
        }

        public ValueTask SendAsync(IList<ArraySegment<byte>> buffers, CancellationToken ct) => inner.SendAsync(buffers, ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
