using Microsoft.Extensions.Time.Testing;
using Shoal.Core;
using Shoal.Engine.Limits;
using Shoal.Wire.Transport;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class ThrottledConnectionTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly TransferLimits _whole;
    private readonly TransferLimits _torrent;
    private readonly Endless _inner = new();

    public ThrottledConnectionTests()
    {
        _whole = new TransferLimits(new RateLimiter(0, _clock), new RateLimiter(0, _clock));
        _torrent = TransferLimits.Within(_whole);
    }

    [Fact]
    public void AddsNothing_WithoutALimit()
    {
        var connection = new ThrottledConnection(_inner, _torrent);
        var buffer = new byte[1 << 20];
        IList<ArraySegment<byte>> segments = [buffer];
        Move(connection, buffer, segments);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++) Move(connection, buffer, segments);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal((101, 101), (_inner.Receives, _inner.Sends)); // not a call more
    }

    [Fact(Timeout = 30_000)]
    public async Task SendsInParts_EveryByteOnce()
    {
        _torrent.Upload.BytesPerSecond = 800_000; // 10,000 at a time
        var connection = new ThrottledConnection(_inner, _torrent);
        byte[] bytes = [.. Enumerable.Range(0, 50_001).Select(i => (byte)(i * 7))];

        var sending = connection.SendAsync([bytes.AsMemory(0, 13).ToArray(), bytes[13..16_397], bytes[16_397..16_397], bytes[16_397..]], CancellationToken.None).AsTask();
        while (!sending.IsCompleted) // its parts run elsewhere
        {
            _clock.Advance(TimeSpan.FromMilliseconds(5));
            await Task.Yield();
        }

        await sending;
        Assert.Equal(bytes, _inner.Sent);
        Assert.True(_inner.Sends >= 6, $"{_inner.Sends}");
    }

    [Fact]
    public async Task ReceivesNoMoreThanIsGranted()
    {
        _whole.Download.BytesPerSecond = 800_000;
        var connection = new ThrottledConnection(_inner, _torrent);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(10_000, await connection.ReceiveAsync(new byte[1 << 20], CancellationToken.None));
    }

    [Fact]
    public async Task CountsForItsTorrent_OnceItIsKnown()
    {
        _torrent.Download.BytesPerSecond = 800;
        var connection = new ThrottledConnection(_inner, _whole);
        Assert.Equal(100, await connection.ReceiveAsync(new byte[100], CancellationToken.None));

        connection.CountFor(_torrent);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(10, await connection.ReceiveAsync(new byte[100], CancellationToken.None));
    }

    [Fact]
    public async Task WhoIsExempt_StaysSo()
    {
        _whole.Set(1, 1);
        var connection = new ThrottledConnection(_inner, null);
        connection.CountFor(_torrent);

        Assert.Equal(100, await connection.ReceiveAsync(new byte[100], CancellationToken.None));
        await connection.SendAsync([new byte[100]], CancellationToken.None);

        Assert.Equal(100, _inner.Sent.Count);
    }

    public void Dispose()
    {
        _whole.Download.Dispose();
        _whole.Upload.Dispose();
    }

    private static void Move(ThrottledConnection connection, byte[] buffer, IList<ArraySegment<byte>> segments)
    {
#pragma warning disable CA2012 // what is done at once may be asked
        Assert.True(connection.ReceiveAsync(buffer, CancellationToken.None).IsCompletedSuccessfully);
        Assert.True(connection.SendAsync(segments, CancellationToken.None).IsCompletedSuccessfully);
#pragma warning restore CA2012
    }

    /// <summary>A peer that always has more to say, and takes everything; keeps what is short enough.</summary>
    private sealed class Endless : ITransportConnection
    {
        public List<byte> Sent { get; } = [];

        public int Receives { get; private set; }

        public int Sends { get; private set; }

        public NetEndPoint LocalEndPoint => default;

        public NetEndPoint RemoteEndPoint => default;

        public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
        {
            Receives++;
            return new(buffer.Length);
        }

        public ValueTask SendAsync(IList<ArraySegment<byte>> buffers, CancellationToken ct)
        {
            Sends++;
            if (buffers.Count == 1 && buffers[0].Count == 1 << 20) return default;

            foreach (var segment in buffers) Sent.AddRange(segment);
            return default;
        }

        public ValueTask DisposeAsync() => default;
    }
}
