using System.Threading.Channels;
using Shoal.Core;
using Shoal.Wire.Transport;

namespace Shoal.Harness.Wire;

/// <summary>One end of a stream that never leaves the process. What is not read makes the writer wait.</summary>
public sealed class MemoryConnection : ITransportConnection
{
    private const int Capacity = 16;

    private readonly Channel<byte[]> _in;
    private readonly Channel<byte[]> _out;
    private ReadOnlyMemory<byte> _rest;

    private MemoryConnection(NetEndPoint local, NetEndPoint remote, Channel<byte[]> incoming, Channel<byte[]> outgoing) =>
        (LocalEndPoint, RemoteEndPoint, _in, _out) = (local, remote, incoming, outgoing);

    public NetEndPoint LocalEndPoint { get; }

    public NetEndPoint RemoteEndPoint { get; }

    public static (MemoryConnection, MemoryConnection) Pair(NetEndPoint one, NetEndPoint other)
    {
        var (there, back) = (Channel.CreateBounded<byte[]>(Capacity), Channel.CreateBounded<byte[]>(Capacity));
        return (new MemoryConnection(one, other, back, there), new MemoryConnection(other, one, there, back));
    }

    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        if (_rest.IsEmpty)
        {
            if (!await _in.Reader.WaitToReadAsync(ct)) return 0;
            if (buffer.IsEmpty) return 0;

            _in.Reader.TryRead(out var next);
            _rest = next;
        }

        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    public async ValueTask SendAsync(IList<ArraySegment<byte>> buffers, CancellationToken ct)
    {
        try
        {
            await _out.Writer.WriteAsync([.. buffers.SelectMany(b => b)], ct);
        }
        catch (ChannelClosedException e)
        {
            throw new IOException("the connection broke", e);
        }
    }

    public ValueTask DisposeAsync()
    {
        _in.Writer.TryComplete();
        _out.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }
}
