using System.Buffers;
using System.Threading.Channels;
using Shoal.Wire.Transport;

namespace Shoal.Wire;

/// <summary>
/// A peer's stream after the handshake: a reader that frames messages for its handler, and a sender that owns the stream's other direction. Anyone may
/// enqueue; what the peer does not read in time is bounded, and then it is closed. Knows nothing of swarms (BEP 3).
/// </summary>
public sealed class PeerConnection : IAsyncDisposable
{
    private const int InitialBuffer = 32 * 1024;
    private const int MaxBuffer = 256 * 1024;
    private const int MaxOutbox = 2 * 1024 * 1024;

    private readonly ITransportConnection _transport;
    private readonly IPeerHandler _handler;
    private readonly Lock _lock = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _closing = new();
    private ArrayBufferWriter<byte> _outbox = new(512);
    private ArrayBufferWriter<byte> _sending = new(512);
    private CloseReason _reason;

    public PeerConnection(ITransportConnection transport, IPeerHandler handler) => (_transport, _handler) = (transport, handler);

    public ITransportConnection Transport => _transport;

    /// <summary>Enqueues whole messages. They are sent with all else that waits, in order.</summary>
    public void Send<T>(T state, Action<IBufferWriter<byte>, T> write)
    {
        bool isTooMuch;
        lock (_lock)
        {
            if (_reason != CloseReason.None) return;

            write(_outbox, state);
            isTooMuch = _outbox.WrittenCount > MaxOutbox;
        }

        if (isTooMuch) Close(CloseReason.ReadsTooSlowly);
        else Wake();
    }

    /// <summary>Makes the sender ask its handler for blocks.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    public void Close(CloseReason reason)
    {
        lock (_lock)
        {
            if (_reason != CloseReason.None) return;

            _reason = reason;
        }

        _closing.Cancel(); // outside the lock: it runs what waits for it
    }

    /// <summary>Runs until either side closes.</summary>
    /// <param name="received">Bytes that came with the handshake and belong to the first messages.</param>
    public async Task<CloseReason> RunAsync(ReadOnlyMemory<byte> received = default)
    {
        var sender = SendAsync(); // first: a peer that never lets the reader wait must not keep it from starting
        var reader = ReadAsync(received);
        await Task.WhenAny(reader, sender);
        Close(CloseReason.Disconnected);
        await _transport.DisposeAsync();
        await Task.WhenAll(reader, sender);
        return _reason;
    }

    public async ValueTask DisposeAsync()
    {
        Close(CloseReason.Stopping);
        await _transport.DisposeAsync();
    }

    private async Task ReadAsync(ReadOnlyMemory<byte> received)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(InitialBuffer, received.Length));
        received.CopyTo(buffer);
        var filled = received.Length;
        try
        {
            while (true)
            {
                var reason = Parse(buffer.AsSpan(0, filled), out var used, out var needed);
                if (used > 0) await _handler.BatchEndAsync(_closing.Token);
                if (reason != CloseReason.None)
                {
                    Close(reason);
                    return;
                }

                filled -= used;
                buffer.AsSpan(used, filled).CopyTo(buffer);
                buffer = Grow(buffer, filled, needed);
                var count = await _transport.ReceiveAsync(buffer.AsMemory(filled), _closing.Token);
                if (count == 0) return;

                filled += count;
                if (filled == buffer.Length && buffer.Length < MaxBuffer) buffer = Grow(buffer, filled, buffer.Length * 2);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // closed, by whichever side
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private CloseReason Parse(ReadOnlySpan<byte> buffer, out int used, out int needed)
    {
        (used, needed) = (0, 0);
        while (true)
        {
            var status = MessageReader.TryRead(buffer[used..], _handler.MaxMessageLength, out needed, out var type, out var payload);
            if (status == MessageStatus.TooLong) return CloseReason.MessageTooLong;
            if (status == MessageStatus.Incomplete) return CloseReason.None;

            used += needed;
            if (type is null)
            {
                _handler.OnKeepAlive();
                continue;
            }

            var reason = _handler.OnMessage(type.Value, payload);
            if (reason != CloseReason.None) return reason;
        }
    }

    private static byte[] Grow(byte[] buffer, int filled, int needed)
    {
        if (needed <= buffer.Length) return buffer;

        var larger = ArrayPool<byte>.Shared.Rent(needed);
        buffer.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private async Task SendAsync()
    {
        using var bulk = new BulkSend();
        var one = new ArraySegment<byte>[1];
        try
        {
            while (true)
            {
                if (TakeOutbox(one)) await _transport.SendAsync(one, _closing.Token);
                if (await _handler.TryFillAsync(bulk, _closing.Token))
                {
                    await _transport.SendAsync(bulk.Segments, _closing.Token);
                    continue;
                }

                lock (_lock)
                {
                    if (_outbox.WrittenCount > 0) continue;
                }

                bulk.Return();
                await _wake.Reader.WaitToReadAsync(_closing.Token);
                while (_wake.Reader.TryRead(out _))
                {
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // closed, by whichever side
        }
    }

    private bool TakeOutbox(ArraySegment<byte>[] segments)
    {
        lock (_lock)
        {
            if (_outbox.WrittenCount == 0) return false;

            _sending.ResetWrittenCount();
            (_outbox, _sending) = (_sending, _outbox);
        }

        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(_sending.WrittenMemory, out segments[0]);
        return true;
    }
}
