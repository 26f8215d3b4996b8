using Shoal.Core;
using Shoal.Engine.Encryption;
using Shoal.Engine.Limits;
using Shoal.Wire;
using Shoal.Wire.Encryption;
using Shoal.Wire.Extensions;
using Shoal.Wire.Transport;

namespace Shoal.Engine;

/// <summary>Opens connections and does the handshake on them, both as the one who connects and the one who is connected to, in plain or encrypted, in bounded time (BEP 3, MSE).</summary>
internal sealed class Dialler(EngineOptions options, ITransport? transport, SharedRandom random, TimeProvider clock) : IDisposable
{
    private readonly KnownWays _ways = new(options.Encryption);
    private readonly EncryptionService _encryption = new(Math.Max(1, Environment.ProcessorCount / 2));

    private ulong Reserved => Handshake.ExtensionBit | Handshake.FastBit | (options.HasDht || options.DhtPort != 0 ? Handshake.DhtBit : 0);

    /// <summary>
    /// Where both modes are allowed a peer that turned away one is offered the other; the one that worked is remembered. A peer that knows a hybrid by one of its names
    /// alone turns away what begins with the other.
    /// </summary>
    /// <param name="keys">Of the swarm. Under those of a file or chunk, which are tried last, streams are plain and lead to our own kind alone.</param>
    /// <param name="isUnknown">Whether its key may yet turn out to be that of a file or chunk: then the way that worked says nothing of others.</param>
    /// <param name="limits">Of the swarm.</param>
    /// <returns>Null if nobody answers there, or not as a peer of this swarm.</returns>
    public async Task<OpenedPeer?> TryOpenAsync(NetEndPoint endPoint, SwarmKeys keys, bool isUnknown, TransferLimits limits, CancellationToken ct)
    {
        if (transport is null) return null;

        foreach (var isEncrypted in _ways.To(endPoint))
        {
            foreach (var key in keys.Torrent)
            {
                var (opened, wasTurnedAway) = await TryOpenAsync(transport, endPoint, key, keys.Torrent, limits, isEncrypted, ct);
                if (opened is not null && !isUnknown) _ways.Remember(endPoint, isEncrypted);
                if (!wasTurnedAway) return opened;
            }
        }

        foreach (var id in options.Encryption == EncryptionMode.Require ? [] : keys.Ids)
        {
            var (opened, wasTurnedAway) = await TryOpenAsync(transport, endPoint, id, [id], limits, isEncrypted: false, ct);
            if (opened is not null && ClientName.IsShoal(opened.Handshake.PeerId)) return opened with { Handshake = opened.Handshake with { Key = keys.Torrent[0] } };
            if (opened is not null) await opened.Connection.DisposeAsync();
            if (!wasTurnedAway) return null;
        }

        _ways.Forget(endPoint);
        return null;
    }

    /// <summary>Reads the other side's handshake, and does ours of MSE before if it comes with one.</summary>
    /// <param name="findSwarm">From <see cref="HandshakeHash.OfSwarm"/> to the key of a swarm of ours.</param>
    /// <returns>Null if it is none, or not in a way that we take.</returns>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task<OpenedPeer?> TryAnswerAsync(ITransportConnection connection, Func<Hash160, Hash160?> findSwarm, CancellationToken ct)
    {
        var buffer = new byte[Handshake.Length];
        var filled = 0;
        while (Handshake.MayBegin(buffer.AsSpan(0, filled)))
        {
            if (filled == buffer.Length) return options.Encryption == EncryptionMode.Require ? null : Open(connection, buffer, default);

            var count = await connection.ReceiveAsync(buffer.AsMemory(filled), ct);
            if (count == 0) return null;

            filled += count;
        }

        if (options.Encryption == EncryptionMode.Off) return null;

        var handshake = new ReceiverHandshake(
            options.Encryption == EncryptionMode.Require ? CryptoMethods.Rc4 : CryptoMethods.Rc4 | CryptoMethods.Plaintext,
            options.Encryption == EncryptionMode.Allow ? CryptoMethods.Plaintext : CryptoMethods.Rc4,
            findSwarm,
            random.NextSecrets());
        if (await _encryption.TryRunAsync(connection, handshake, buffer.AsMemory(0, filled), ct) is not { } agreed) return null;

        var opened = await TryReceiveAsync(agreed.Connection, agreed.Received, ct);
        return opened?.Handshake.Key == agreed.Key ? opened : null;
    }

    /// <summary>A stream to somebody who is no peer, from our addresses and within those limits.</summary>
    /// <exception cref="IOException">Nobody answered there.</exception>
    public async ValueTask<ITransportConnection> ConnectAsync(NetEndPoint endPoint, TransferLimits limits, CancellationToken ct) =>
        Throttle(await (transport ?? throw new IOException("this node connects to nobody")).ConnectAsync(endPoint, ct), limits);

    public ThrottledConnection Throttle(ITransportConnection connection, TransferLimits limits) => new(connection, LimitsFor(connection.RemoteEndPoint, limits));

    /// <returns>Null for a peer that is exempt.</returns>
    public TransferLimits? LimitsFor(NetEndPoint peer, TransferLimits limits) => options.LimitLocalPeers || !peer.IsLocal ? limits : null;

    /// <param name="offersV2">Whether the key is that of v1, and v2 would be spoken as well (BEP 52).</param>
    public async Task SendAsync(ITransportConnection connection, Hash160 key, bool offersV2, CancellationToken ct) =>
        await connection.SendAsync([new ArraySegment<byte>(Ours(key, offersV2))], ct);

    public void Dispose() => _encryption.Dispose();

    /// <returns>The peer, or null; and whether somebody took the connection and then ended it, or said what is no handshake.</returns>
    private async Task<(OpenedPeer? Peer, bool WasTurnedAway)> TryOpenAsync(ITransport transport, NetEndPoint endPoint, Hash160 key, IReadOnlyList<Hash160> keys, TransferLimits limits, bool isEncrypted, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        ThrottledConnection? connection = null;
        var wasTurnedAway = false;
        try
        {
            connection = Throttle(await transport.ConnectAsync(endPoint, either.Token), limits);
            var offersV2 = key != keys[0];
            var greeted = isEncrypted ? await GreetEncryptedAsync(connection, key, offersV2, either.Token) : await GreetAsync(connection, key, offersV2, either.Token);
            if (greeted is not null && (greeted.Handshake.Key == key || (offersV2 && greeted.Handshake.Key == keys[0]))) return (greeted, false);

            wasTurnedAway = greeted is null;
        }
        catch (IOException)
        {
            wasTurnedAway = connection is not null;
        }
        catch (OperationCanceledException)
        {
            // too slow
        }

        if (connection is not null) await connection.DisposeAsync();
        return (null, wasTurnedAway);
    }

    private async Task<OpenedPeer?> GreetAsync(ITransportConnection connection, Hash160 key, bool offersV2, CancellationToken ct)
    {
        await SendAsync(connection, key, offersV2, ct);
        return await TryReceiveAsync(connection, default, ct);
    }

    private async Task<OpenedPeer?> GreetEncryptedAsync(ITransportConnection connection, Hash160 key, bool offersV2, CancellationToken ct)
    {
        var provided = options.Encryption == EncryptionMode.Allow ? CryptoMethods.Rc4 | CryptoMethods.Plaintext : CryptoMethods.Rc4;
        var handshake = new InitiatorHandshake(key, provided, Ours(key, offersV2), random.NextSecrets());
        return await _encryption.TryRunAsync(connection, handshake, default, ct) is { } agreed ? await TryReceiveAsync(agreed.Connection, agreed.Received, ct) : null;
    }

    /// <param name="received">The first bytes, as far as they came already.</param>
    private static async Task<OpenedPeer?> TryReceiveAsync(ITransportConnection connection, ReadOnlyMemory<byte> received, CancellationToken ct)
    {
        var buffer = new byte[Handshake.Length];
        var filled = Math.Min(received.Length, buffer.Length);
        received[..filled].CopyTo(buffer);
        while (filled < buffer.Length)
        {
            var count = await connection.ReceiveAsync(buffer.AsMemory(filled), ct);
            if (count == 0 || !Handshake.MayBegin(buffer.AsSpan(0, filled + count))) return null;

            filled += count;
        }

        return Open(connection, buffer, received[Math.Min(received.Length, buffer.Length)..]);
    }

    private static OpenedPeer? Open(ITransportConnection connection, byte[] theirs, ReadOnlyMemory<byte> received) =>
        Handshake.TryRead(theirs, out var handshake) ? new OpenedPeer(connection, handshake, received) : null;

    private byte[] Ours(Hash160 key, bool offersV2)
    {
        var ours = new byte[Handshake.Length];
        new Handshake(Reserved | (offersV2 ? Handshake.V2Bit : 0), key, options.PeerId).Write(ours);
        return ours;
    }
}
