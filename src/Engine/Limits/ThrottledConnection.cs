using Shoal.Core;
using Shoal.Wire.Transport;

namespace Shoal.Engine.Limits;

/// <summary>A stream whose bytes, all of them, are drawn from the limiters first.</summary>
internal sealed class ThrottledConnection(ITransportConnection inner, RateLimiter download, RateLimiter upload) : ITransportConnection
{
    private readonly List<ArraySegment<byte>> _part = [];

    public NetEndPoint LocalEndPoint => inner.LocalEndPoint;

    public NetEndPoint RemoteEndPoint => inner.RemoteEndPoint;

    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        if (!download.IsLimited) return await inner.ReceiveAsync(buffer, ct);

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

    public async ValueTask SendAsync(IList<ArraySegment<byte>> buffers, CancellationToken ct)
    {
        if (!upload.IsLimited)
        {
            await inner.SendAsync(buffers, ct);
            return;
        }

        var index = 0;
        var offset = 0;
        while (index < buffers.Count)
        {
            var granted = await upload.TakeAsync(buffers.Skip(index).Sum(b => b.Count) - offset, ct);
            _part.Clear();
            for (var left = granted; left > 0;)
            {
                var segment = buffers[index].Slice(offset);
                var count = Math.Min(left, segment.Count);
                _part.Add(segment.Slice(0, count));
                left -= count;
                offset += count;
                if (offset < buffers[index].Count) continue;

                index++;
                offset = 0;
            }

            await inner.SendAsync(_part, ct);
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
