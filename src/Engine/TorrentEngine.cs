using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Engine.Encryption;
using Shoal.Engine.Limits;
using Shoal.Wire;
using Shoal.Wire.Extensions;
using Shoal.Wire.Transport;

namespace Shoal.Engine;

/// <summary>
/// The room's entry: swarms by key, and the listeners through which peers reach them. Swarms are found through the DHT or a link by others; this room only
/// connects to what it is given.
/// </summary>
public sealed class TorrentEngine : IAsyncDisposable
{
    private readonly EngineShared _shared;
    private readonly ConcurrentDictionary<Hash160, SwarmLoop> _swarms = new();
    private readonly ObfuscatedKeys _obfuscated;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Outstanding _outstanding = new();
    private readonly HalfOpen _halfOpen;
    private readonly RememberedLimits _remembered = new();
    private readonly KeyQuestions _questions = new();
    private readonly List<Task> _accepting;

    /// <param name="transport">The way out; null for a node that connects to nobody.</param>
    /// <param name="listeners">Owned from now on.</param>
    /// <param name="random">In production one that nobody can foretell: keys of encrypted streams come from it. Not to be used by others any more.</param>
    /// <param name="portHeard">A peer of a swarm said where its DHT node listens (BEP 5); raised by readers, must return quickly.</param>
    public TorrentEngine(
        EngineOptions options, ITransport? transport, IReadOnlyList<ITransportListener> listeners, RateLimiter download, RateLimiter upload,
        TimeProvider clock, Random random, ILogger logger, Action<NetEndPoint, InfoHash> portHeard)
    {
        var chance = new SharedRandom(random);
        var dialler = new Dialler(options, transport, chance, clock);
        _shared = new EngineShared(options, dialler, new TransferLimits(download, upload), clock, chance, logger, portHeard, OnKeysLearnt);
        _obfuscated = new ObfuscatedKeys(key => _swarms.TryGetValue(key, out var swarm) && swarm.Keys.Contains(key));
        _halfOpen = new HalfOpen(options.MaxHalfOpen);
        Listeners = listeners;
        _accepting = [.. listeners.Select(AcceptAsync)];
    }

    public IReadOnlyList<ITransportListener> Listeners { get; }

    /// <summary>Of all swarms together; may be changed at any time.</summary>
    public TransferLimits Limits => _shared.Limits;

    /// <summary>Who opens swarms for peers that name a key of which none runs; null for nobody.</summary>
    public ISwarmSource? Source { get; set; }

    internal Buffers.PieceBufferPool Buffers => _shared.Buffers;

    public IReadOnlyCollection<SwarmLoop> Swarms => [.. _swarms.Values.Distinct()];

    public SwarmLoop? Find(InfoHash infoHash) => _swarms.GetValueOrDefault(infoHash.Truncated);

    /// <summary>Limits one torrent, joined or not, for as long as the engine runs; null leaves a direction as it is.</summary>
    /// <returns>What holds from now on.</returns>
    public TransferRates Limit(InfoHash infoHash, long? download = null, long? upload = null)
    {
        var rates = _remembered.Set(Find(infoHash)?.Keys ?? [infoHash.Truncated], download, upload);
        if (Find(infoHash) is not { } swarm) return rates; // whoever joins it later recalls what was set

        swarm.Limits.Set(download, upload);
        return swarm.Limits.Rates;
    }

    /// <summary>The limits of one torrent, joined or not.</summary>
    public TransferRates LimitsOf(InfoHash infoHash) => Find(infoHash)?.Limits.Rates ?? _remembered.Of([infoHash.Truncated]);

    /// <summary>Joins a swarm, or gives the one that is joined already.</summary>
    /// <param name="v1">Of a hybrid, the name of its v1 half, if it is known.</param>
    public SwarmLoop Join(InfoHash infoHash, Hash160? v1 = null) => Join(new SwarmNames(infoHash) { V1 = v1 });

    /// <inheritdoc cref="Join(InfoHash, Hash160?)"/>
    public SwarmLoop Join(SwarmNames name)
    {
        var key = name.Id.Truncated;
        while (true)
        {
            if (_swarms.TryGetValue(key, out var known)) return known;

            var swarm = new SwarmLoop(name, _shared);
            if (!_swarms.TryAdd(key, swarm))
            {
                _ = swarm.DisposeAsync().AsTask();
                continue;
            }

            _obfuscated.Update(key);
            AddKeys(swarm);
            return swarm;
        }
    }

    /// <summary>Leaves a swarm and waits until it has ended.</summary>
    public async Task LeaveAsync(SwarmLoop swarm)
    {
        await swarm.DisposeAsync(); // first: it may learn another key until then
        foreach (var key in swarm.AllKeys.All)
        {
            if (_swarms.TryRemove(KeyValuePair.Create(key, swarm))) _obfuscated.Update(key);
        }
    }

    /// <summary>A key that another swarm has stays with it.</summary>
    private void AddKeys(SwarmLoop swarm)
    {
        Recall(swarm);
        foreach (var key in swarm.AllKeys.All)
        {
            if (_swarms.TryAdd(key, swarm)) _obfuscated.Update(key);
        }
    }

    /// <summary>Gives it the limits that were set of it, also those that are being set just now.</summary>
    private void Recall(SwarmLoop swarm)
    {
        var rates = swarm.Limits.Rates;
        while (_remembered.Of(swarm.Keys) is var set && set != default && set != rates)
        {
            rates = set;
            swarm.Limits.Set(set.Download, set.Upload);
        }
    }

    private void OnKeysLearnt(SwarmLoop swarm, SwarmKeys before)
    {
        AddKeys(swarm);
        foreach (var key in before.Torrent) _obfuscated.Update(key); // what turned out to be an ID is met under in plain alone
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var listener in Listeners) await listener.DisposeAsync();
        await Task.WhenAll(_accepting);
        await Task.WhenAll(Swarms.Select(s => s.DisposeAsync().AsTask()));
        await _outstanding.WaitAsync();
        _shared.Dialler.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync(ITransportListener listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                if (await listener.AcceptAsync(_stopping.Token) is not { } connection) return;

                if (_halfOpen.TryEnter(connection.RemoteEndPoint) is { } place) _ = ReceiveAsync(connection, place);
                else await connection.DisposeAsync();
            }
            catch (IOException e)
            {
                Log.AcceptFailed(_shared.Logger, listener.LocalEndPoint, e);
                await RestAsync();
            }
        }
    }

    private async Task RestAsync()
    {
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), _shared.Clock, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // no need to rest any more
        }
    }

    /// <summary>The swarm that a handshake means: one that runs, or else one that is opened for it. Under the ID of a file or chunk our own kind alone is met.</summary>
    private async Task<SwarmLoop?> FindAsync(Handshake handshake, NetEndPoint from, CancellationToken ct)
    {
        if (!_swarms.TryGetValue(handshake.Key, out var swarm) && Source is { } source && _questions.TryTake(from, _shared.Now))
        {
            try
            {
                swarm = await source.OpenAsync(handshake.Key, from, ct);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Log.ConnectionFailed(_shared.Logger, e); // ours: it ends this connection and says so
            }
        }

        return swarm is not null && swarm.Ids.Contains(handshake.Key) && !ClientName.IsShoal(handshake.PeerId) ? null : swarm;
    }

    private async Task ReceiveAsync(ITransportConnection raw, HalfOpen.Place place)
    {
        if (!_outstanding.TryEnter())
        {
            place.Dispose();
            await raw.DisposeAsync();
            return;
        }

        var connection = _shared.Dialler.Throttle(raw, _shared.Limits);
        SwarmLoop? swarm = null;
        OpenedPeer? opened = null;
        try
        {
            using var timeout = new CancellationTokenSource(_shared.Options.HandshakeTimeout, _shared.Clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping.Token, place.GivesWay);
            opened = await _shared.Dialler.TryAnswerAsync(connection, _obfuscated.Find, either.Token);
            swarm = opened is null ? null : await FindAsync(opened.Handshake, connection.RemoteEndPoint, either.Token);
            if (swarm is not null)
            {
                var isId = swarm.Ids.Contains(opened!.Handshake.Key);
                var first = opened with { Handshake = opened.Handshake with { Key = swarm.Keys[0] } };
                if (opened.Handshake.OffersV2 && !isId) opened = first; // in a hybrid v2 is preferred (BEP 52, upgrade path)
                await _shared.Dialler.SendAsync(opened.Connection, opened.Handshake.Key, offersV2: false, either.Token);
                if (isId) opened = first;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            swarm = null; // gone, or too slow
        }
        finally
        {
            place.Dispose();
        }

        try
        {
            if (swarm is null) return;

            connection.CountFor(swarm.Limits);
            await swarm.RunPeerAsync(opened!.Connection, opened.Handshake, incoming: true, connection.RemoteEndPoint, opened.Received);
        }
        catch (Exception e)
        {
            Log.ConnectionFailed(_shared.Logger, e);
        }
        finally
        {
            await connection.DisposeAsync();
            _outstanding.Leave();
        }
    }
}
