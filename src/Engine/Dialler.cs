using System.Buffers;
using Shoal.Core;
using Shoal.Engine.Limits;
using Shoal.Wire;
using Shoal.Wire.Transport;

namespace Shoal.Engine;

/// <summary>Opens connections and does the handshake on them, both as the one who connects and the one who is connected to, in bounded time (BEP 3).</summary>
internal sealed class Dialler(EngineOptions options, ITransport? transport, RateLimiter download, RateLimiter upload, TimeProvider clock)
{
    private ulong Reserved => Handshake.ExtensionBit | Handshake.FastBit | (options.HasDht || options.DhtPort != 0 ? Handshake.DhtBit : 0);

    /// <param name="keys">Of the swarm, v2 first. A peer that knows a hybrid by one of its names alone closes the connection that begins with the other.</param>
    /// <returns>Null if nobody answers there, or not as a peer of this swarm.</returns>
    public async Task<(ITransportConnection Connection, Handshake Handshake)?> TryOpenAsync(NetEndPoint endPoint, IReadOnlyList<Hash160> keys, CancellationToken ct)
    {
        if (transport is null) return null;

        foreach (var key in keys)
        {
            var (opened, isReached) = await TryOpenAsync(endPoint, key, keys, ct);
            if (opened is not null || !isReached) return opened;
        }

        return null;
    }

    private async Task<((ITransportConnection Connection, Handshake Handshake)? Opened, bool IsReached)> TryOpenAsync(
        NetEndPoint endPoint, Hash160 key, IReadOnlyList<Hash160> keys, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        ITransportConnection? connection = null;
        try
        {
            connection = Throttle(await transport!.ConnectAsync(endPoint, either.Token));
            await SendAsync(connection, key, offersV2: key != keys[0], either.Token);
            if (await TryReceiveAsync(connection, either.Token) is { } theirs && keys.Contains(theirs.Key)) return ((connection, theirs), true);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // nobody there, or too slow
        }

        if (connection is not null) await connection.DisposeAsync();
        return (null, connection is not null && !either.IsCancellationRequested);
    }

    public ITransportConnection Throttle(ITransportConnection connection) => new ThrottledConnection(connection, download, upload);

    /// <summary>Reads the other side's handshake.</summary>
    /// <returns>Null if it is none.</returns>
    /// <exception cref="IOException">The connection broke.</exception>
    public static async Task<Handshake?> TryReceiveAsync(ITransportConnection connection, CancellationToken ct)
    {
        var buffer = new byte[Handshake.Length];
        for (var filled = 0; filled < buffer.Length;)
        {
            var count = await connection.ReceiveAsync(buffer.AsMemory(filled), ct);
            if (count == 0 || buffer[0] != 19) return null;

            filled += count;
        }

        return Handshake.TryRead(buffer, out var handshake) ? handshake : null;
    }

    /// <param name="offersV2">Whether the key is that of v1, and v2 would be spoken as well.</param>
    public async Task SendAsync(ITransportConnection connection, Hash160 key, bool offersV2, CancellationToken ct)
    {
        var ours = new byte[Handshake.Length];
        new Handshake(Reserved | (offersV2 ? Handshake.V2Bit : 0), key, options.PeerId).Write(ours);
        await connection.SendAsync([new ArraySegment<byte>(ours)], ct);
    }
}
