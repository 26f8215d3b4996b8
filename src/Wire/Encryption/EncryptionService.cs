using System.Buffers;
using System.Runtime.InteropServices;
using Shoal.Wire.Transport;

namespace Shoal.Wire.Encryption;

/// <summary>
/// Runs handshakes on connections. Their exponentiations are the one thing that a stranger can make us work for, so only so many handshakes do one at a time, on the thread pool; the
/// others wait, as long as their caller lets them.
/// </summary>
/// <param name="concurrent">How many exponentiate at a time, at least one.</param>
public sealed class EncryptionService(int concurrent) : IDisposable
{
    private const int BufferLength = 4096;

    private readonly SemaphoreSlim _exponentiating = new(concurrent);

    /// <summary>Runs one side of the handshake to its end. Closes nothing.</summary>
    /// <param name="received">What came already.</param>
    /// <returns>The stream that follows: the connection itself if it goes on in plaintext. Null if the other side closed, or did not keep to the protocol.</returns>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task<AgreedStream?> TryRunAsync(ITransportConnection connection, EncryptionHandshake handshake, ReadOnlyMemory<byte> received, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (true)
            {
                var status = await FeedAsync(handshake, received, ct);
                if (status == HandshakeStatus.Failed) return null;
                if (!handshake.Output.IsEmpty && MemoryMarshal.TryGetArray(handshake.Output, out var output)) await connection.SendAsync([output], ct);
                if (status == HandshakeStatus.Done) return Agreed(connection, handshake);

                var count = await connection.ReceiveAsync(buffer.AsMemory(0, BufferLength), ct);
                if (count == 0) return null;

                received = buffer.AsMemory(0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => _exponentiating.Dispose();

    private async ValueTask<HandshakeStatus> FeedAsync(EncryptionHandshake handshake, ReadOnlyMemory<byte> received, CancellationToken ct)
    {
        if (!handshake.IsCostly) return handshake.Feed(received.Span);

        await _exponentiating.WaitAsync(ct);
        try
        {
            await Task.Yield(); // whoever called has other things to do
            return handshake.Feed(received.Span);
        }
        finally
        {
            _exponentiating.Release();
        }
    }

    private static AgreedStream Agreed(ITransportConnection connection, EncryptionHandshake handshake) => new(
        handshake.Method == CryptoMethods.Rc4 ? new EncryptedConnection(connection, handshake.Incoming, handshake.Outgoing) : connection, handshake.Key, handshake.Leftover);
}
