using System.Net;
using Shoal.Core;
using Shoal.Harness.Wire;
using Shoal.Wire.Encryption;
using Shoal.Wire.Transport;
using Xunit;

namespace Shoal.Unit.Wire.Encryption;

public sealed class EncryptedConnectionTests
{
    private static readonly NetEndPoint Here = new(IPAddress.Loopback, 1), There = new(IPAddress.Loopback, 2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(EncryptedConnection.MaxPart - 13)]
    [InlineData(EncryptedConnection.MaxPart + 1)]
    [InlineData(3 * EncryptedConnection.MaxPart + 7)]
    public async Task CarriesWhatIsSent_AndLeavesItAsItWas(int length)
    {
        var (here, there) = MemoryConnection.Pair(Here, There);
        var sender = new EncryptedConnection(here, new Rc4([2]), new Rc4([1]));
        var receiver = new ScriptedPeer(new EncryptedConnection(there, new Rc4([1]), new Rc4([2])));
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        var lent = bytes.ToArray();
        var read = receiver.ReadAsync(13 + length);

        await sender.SendAsync([new ArraySegment<byte>(new byte[13]), new ArraySegment<byte>(lent)], CancellationToken.None).AsTask().WaitAsync(Patience);

        byte[] expected = [.. new byte[13], .. bytes];
        Assert.Equal(expected, await read.WaitAsync(Patience));
        Assert.Equal(bytes, lent);
    }

    [Fact]
    public async Task SendsNothingThatCanBeRead()
    {
        var (here, there) = MemoryConnection.Pair(Here, There);
        var sender = new EncryptedConnection(here, new Rc4([2]), new Rc4([1]));

        await sender.SendAsync([new ArraySegment<byte>(new byte[16])], CancellationToken.None);

        var sent = await new ScriptedPeer(there).ReadAsync(16);
        new Rc4([1]).Apply(sent);
        Assert.Equal(new byte[16], sent);
    }

    [Fact]
    public void AllocatesNothing()
    {
        var connection = new EncryptedConnection(new Mirror(), new Rc4([1]), new Rc4([2]));
        var buffers = new List<ArraySegment<byte>> { new(new byte[13]), new(new byte[300_000]) };
        var buffer = new byte[50_000];

        for (var i = 0; i < 100; i++) Once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Once();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Once()
        {
            var sent = connection.SendAsync(buffers, CancellationToken.None);
            Assert.True(sent.IsCompletedSuccessfully);
            var received = connection.ReceiveAsync(buffer, CancellationToken.None);
            Assert.True(received.IsCompletedSuccessfully && received.Result == buffer.Length);
            sent.GetAwaiter().GetResult();
        }
    }

    /// <summary>Takes all, and fills what it is given.</summary>
    private sealed class Mirror : ITransportConnection
    {
        public NetEndPoint LocalEndPoint => Here;

        public NetEndPoint RemoteEndPoint => There;

        public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct) => new(buffer.Length);

        public ValueTask SendAsync(IList<ArraySegment<byte>> buffers, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
