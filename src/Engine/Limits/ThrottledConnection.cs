using System.Runtime.CompilerServices;
using Shoal.Core;
using Shoal.Wire.Transport;

namespace Shoal.Engine.Limits;

/// <summary>A stream whose bytes, all of them, are drawn from the limits first. While none holds it passes calls on and adds nothing to them.</summary>
/// <param name="limits">Null for one that is exempt.</param>
internal sealed class ThrottledConnection(ITransportConnection inner, TransferLimits? limits) : ITransportConnection
{
    private readonly List<ArraySegment<byte>> _part = [];
    private volatile TransferLimits? _limits = limits;

    public NetEndPoint LocalEndPoint => inner.LocalEndPoint;

    public NetEndPoint RemoteEndPoint => inner.RemoteEndPoint;

    /// <summary>From now on it counts for that torrent. One that is exempt stays so.</summary>
    public void CountFor(TransferLimits torrent)
    {
        if (_limits is not null) _limits = torrent;
    }

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct) =>
        _limits is { Download: { IsLimited: true } download } && !buffer.IsEmpty ? ReceiveAsync(download, buffer, ct) : inner.ReceiveAsync(buffer, ct);

    public ValueTask SendAsync(IList<ArraySegment<byte>> buffers, CancellationToken ct) =>
        _limits is { Upload: { IsLimited: true } upload } ? SendAsync(upload, buffers, ct) : inner.SendAsync(buffers, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(RateLimiter download, Memory<byte> buffer, CancellationToken ct)
    {
        await inner.ReceiveAsync(Memory<byte>.Empty, ct); // something is there: an idle peer must not hold bytes that others could use
        var granted = await download.TakeAsync(buffer.Length, ct);
        var count = 0;
        try
        {
            count = await inner.ReceiveAsync(buffer[..granted], ct);
        }
        finally
        {
            download.Charge(count - granted);
        }

        return count;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(RateLimiter upload, IList<ArraySegment<byte>> buffers, CancellationToken ct)
    {
        var total = 0;
        for (var i = 0; i < buffers.Count; i++) total += buffers[i].Count;
        for (int index = 0, offset = 0; total > 0;)
        {
            var granted = await upload.TakeAsync(total, ct);
            total -= granted;
            Cut(buffers, granted, ref index, ref offset);
            await inner.SendAsync(_part, ct);
        }
    }

    /// <summary>Puts the next bytes into <see cref="_part"/>.</summary>
    private void Cut(IList<ArraySegment<byte>> buffers, int bytes, ref int index, ref int offset)
    {
        _part.Clear();
        while (bytes > 0)
        {
            var rest = buffers[index].Slice(offset);
            var count = Math.Min(bytes, rest.Count);
            _part.Add(rest.Slice(0, count));
            bytes -= count;
            offset += count;
            if (offset < buffers[index].Count) continue;

            index++;
            offset = 0;
        }
    }
}
