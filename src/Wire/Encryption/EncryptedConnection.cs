using System.Buffers;
using System.Runtime.CompilerServices;
using Shoal.Core;
using Shoal.Wire.Transport;

namespace Shoal.Wire.Encryption;

/// <summary>
/// A stream under RC4 (MSE). Decrypts where the bytes were received. Encrypts into a buffer of its own, since what it is given to send is lent, at most <see cref="MaxPart"/> bytes at a
/// time, rented only while there is something to send.
/// </summary>
public sealed class EncryptedConnection(ITransportConnection inner, Rc4 incoming, Rc4 outgoing) : ITransportConnection
{
    /// <summary>Most bytes that are encrypted and sent in one go: they stay in a core's cache.</summary>
    public const int MaxPart = 128 * 1024;

    private readonly ArraySegment<byte>[] _part = new ArraySegment<byte>[1];

    public NetEndPoint LocalEndPoint => inner.LocalEndPoint;

    public NetEndPoint RemoteEndPoint => inner.RemoteEndPoint;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        var count = await inner.ReceiveAsync(buffer, ct);
        incoming.Apply(buffer.Span[..count]);
        return count;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(IList<ArraySegment<byte>> buffers, CancellationToken ct)
    {
        var total = 0;
        for (var i = 0; i < buffers.Count; i++) total += buffers[i].Count;
        var rented = ArrayPool<byte>.Shared.Rent(Math.Min(total, MaxPart));
        try
        {
            for (int index = 0, offset = 0; total > 0; total -= _part[0].Count)
            {
                _part[0] = new ArraySegment<byte>(rented, 0, Encrypt(buffers, ref index, ref offset, rented.AsSpan(0, Math.Min(total, MaxPart))));
                await inner.SendAsync(_part, ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>Fills a part with what follows in the buffers, which have that much.</summary>
    /// <returns>Its length.</returns>
    private int Encrypt(IList<ArraySegment<byte>> buffers, ref int index, ref int offset, Span<byte> part)
    {
        for (var filled = 0; filled < part.Length;)
        {
            var source = buffers[index].AsSpan(offset);
            if (source.Length > part.Length - filled) source = source[..(part.Length - filled)];
            outgoing.Apply(source, part[filled..]);
            filled += source.Length;
            offset += source.Length;
            if (offset < buffers[index].Count) continue;

            index++;
            offset = 0;
        }

        return part.Length;
    }
}
