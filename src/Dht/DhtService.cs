using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Dht.Announcing;
using Shoal.Dht.Lookups;
using Shoal.Dht.Sockets;

namespace Shoal.Dht;

/// <summary>
/// A DHT node on real or virtual sockets: one loop owns a <see cref="DhtNode"/> for each address family and feeds them datagrams, commands and ticks from one
/// bounded mailbox; datagrams that find it full are dropped and counted. Every member may be called from any thread; callbacks run on the loop and must not block.
/// Runs from <see cref="Start"/> until it is disposed, and owns its sockets (BEP 5, 32, 43).
/// </summary>
public sealed partial class DhtService : IAsyncDisposable
{
    private const int ReceiveBufferLength = 2048;
    private const int MaxWaitingCommands = 1024;

    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly IReadOnlyList<IDatagramSocket> _sockets;
    private readonly DhtOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly long _startedAt;
    private readonly NodeId _id;
    private readonly IReadOnlyList<NetEndPoint> _restored;
    private readonly List<DhtFamily> _families = [];
    private readonly Dictionary<Hash160, List<AnnounceWait>> _announceWaits = [];
    private readonly List<Search> _searches = [];
    private readonly Channel<Mail> _mailbox;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _tasksLock = new();
    private readonly List<Task> _tasks = [];
    private DhtSnapshot _snapshot;
    private long _bytesSent;
    private long _bytesReceived;
    private long _dropped;
    private int _disposed;

    private DhtService(IReadOnlyList<IDatagramSocket> sockets, DhtOptions options, TimeProvider clock, Random random, ILogger logger)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sockets.Count);
        (_sockets, _options, _clock, _logger) = (sockets, options, clock, logger);
        _startedAt = clock.GetTimestamp();
        _mailbox = Channel.CreateBounded<Mail>(new BoundedChannelOptions(options.MaxWaitingDatagrams + MaxWaitingCommands) { SingleReader = true });

        var isRestored = DhtState.TryRead(options.SavedState.Span, out var state);
        _id = isRestored ? state.Id : NodeId.Random(random);
        _restored = isRestored ? state.EndPoints : [];
        if (!isRestored && !options.SavedState.IsEmpty) LogStateUnreadable(logger);

        var limits = new DhtNodeOptions { ReadOnly = options.ReadOnly };
        foreach (var group in sockets.GroupBy(s => s.LocalEndPoint.Family))
            _families.Add(new DhtFamily(group.Key, new DhtNode(_id, group.Key, limits, random, TimeSpan.Zero), [.. group]));
        if (_families.Count == 2) _families[0].Node.PairWith(_families[1].Node);
        _snapshot = TakeSnapshot(TimeSpan.Zero);
    }

    private delegate void Command(TimeSpan now);

    public NodeId Id => _id;

    /// <summary>Where it listens.</summary>
    public IReadOnlyList<NetEndPoint> LocalEndPoints => [.. _sockets.Select(s => s.LocalEndPoint)];

    /// <summary>As of the last tick.</summary>
    public DhtSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <param name="sockets">At least one, bound; owned by the service from now on. Several of one family make one node.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="clock">Its time.</param>
    /// <param name="random">For its loop alone; <see cref="SecureRandom"/> outside of simulations.</param>
    /// <param name="logger">Its log.</param>
    public static DhtService Start(IReadOnlyList<IDatagramSocket> sockets, DhtOptions options, TimeProvider clock, Random random, ILogger logger)
    {
        var service = new DhtService(sockets, options, clock, random, logger);
        service.Track(service.RunAsync());
        service.Track(service.TickAsync());
        foreach (var socket in sockets) service.Track(service.ReceiveAsync(socket));
        foreach (var endPoint in service._restored) service.AddContact(endPoint);
        return service;
    }

    /// <summary>Somebody to begin from, for as long as it runs; a host's name is resolved, again and again until that succeeds.</summary>
    public void AddBootstrap(string host, int port)
    {
        if (IPAddress.TryParse(host, out var address)) AddBootstrap(new NetEndPoint(address, port));
        else Track(ResolveAsync(host, port));
    }

    /// <inheritdoc cref="AddBootstrap(string, int)"/>
    public void AddBootstrap(NetEndPoint endPoint) => Post(AddSeed(endPoint, configured: true));

    /// <summary>Somebody who may be a node, by the word of a peer or an earlier run (BEP 5, PORT): believed once it answers.</summary>
    public void AddContact(NetEndPoint endPoint) => _mailbox.Writer.TryWrite(new Mail(AddSeed(endPoint, configured: false)));

    /// <summary>
    /// Looks for peers of a key until the closest contacts have answered. While no contact is known it waits for one, for as long as the token allows.
    /// Our own announcement is not found, unless others tell of it.
    /// </summary>
    /// <param name="key">What they announce under.</param>
    /// <param name="onPeer">Called on the loop for each new peer.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<FindResult> FindPeersAsync(Hash160 key, Action<FoundPeer> onPeer, CancellationToken ct)
    {
        var search = new Search(onPeer);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _stop.Token);
        using var cancelling = either.Token.UnsafeRegister(_ => search.Completion.TrySetCanceled(ct), null);
        await PostAsync(now => Begin(search, key, now), either.Token);
        return await search.Completion.Task;
    }

    /// <summary>
    /// Announces that we are a peer of a key, now, again before it is forgotten, and sooner if too few nodes could take it; until it is withdrawn.
    /// From this moment on our own answers name us. Returns after the first round; no node at all took it if none is known yet.
    /// </summary>
    /// <param name="key">What to announce under.</param>
    /// <param name="tcpPort">Where we accept connections.</param>
    /// <param name="ct">Stops waiting, not announcing.</param>
    public async Task<AnnounceResult> AnnounceAsync(Hash160 key, int tcpPort, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tcpPort);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tcpPort, ushort.MaxValue);
        var wait = new AnnounceWait(_families);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _stop.Token);
        using var cancelling = either.Token.UnsafeRegister(_ => wait.Completion.TrySetCanceled(ct), null);
        await PostAsync(
            now =>
            {
                if (!_announceWaits.TryGetValue(key, out var waits)) _announceWaits.Add(key, waits = []);
                waits.Add(wait);
                foreach (var family in _families) family.Node.Announce(key, tcpPort, now, family.Outbox);
            },
            either.Token);

        return await wait.Completion.Task;
    }

    public void Withdraw(Hash160 key) => Post(_ =>
    {
        foreach (var family in _families) family.Node.Withdraw(key);
        if (!_announceWaits.Remove(key, out var waits)) return;
        foreach (var wait in waits) wait.Completion.TrySetCanceled();
    });

    /// <summary>Node ID and contacts, for <see cref="DhtOptions.SavedState"/> of the next run.</summary>
    public byte[] SaveState()
    {
        var contacts = Snapshot.Families.SelectMany(f => f.Contacts).Select(c => c.EndPoint);
        return new DhtState(_id, [.. contacts.Concat(_restored).Distinct().Take(DhtState.MaxEndPoints)]).ToBytes();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;

        _stop.Cancel(); // CancelAsync would go through the thread pool, which no simulation can replay
        Task[] tasks;
        lock (_tasksLock) tasks = [.. _tasks];
        await Task.WhenAll(tasks);
        foreach (var socket in _sockets) socket.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (await _mailbox.Reader.WaitToReadAsync(_stop.Token))
                while (!_stop.IsCancellationRequested && _mailbox.Reader.TryRead(out var mail)) Handle(mail);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
        catch (Exception e)
        {
            LogFailed(_logger, e);
            throw;
        }
        finally
        {
            _mailbox.Writer.TryComplete();
            Volatile.Write(ref _snapshot, TakeSnapshot(Now()));
            foreach (var search in _searches) search.Completion.TrySetCanceled(CancellationToken.None);
            foreach (var wait in _announceWaits.Values.SelectMany(w => w)) wait.Completion.TrySetCanceled(CancellationToken.None);
        }
    }

    private async Task TickAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(TickEvery, _clock);
            while (await timer.WaitForNextTickAsync(_stop.Token)) _mailbox.Writer.TryWrite(new Mail(Tick));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private async Task ReceiveAsync(IDatagramSocket socket)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ReceiveBufferLength);
        try
        {
            await Task.Yield();
            while (!_stop.IsCancellationRequested)
            {
                var received = await socket.ReceiveAsync(buffer, _stop.Token);
                Interlocked.Add(ref _bytesReceived, received.Length);
                var family = _families.Find(f => f.Node.Family == received.From.Family);
                if (family is not null && _mailbox.Reader.Count < _options.MaxWaitingDatagrams && _mailbox.Writer.TryWrite(new Mail(family, buffer, received)))
                    buffer = ArrayPool<byte>.Shared.Rent(ReceiveBufferLength);
                else Interlocked.Increment(ref _dropped);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
        catch (SocketException e)
        {
            LogSocketFailed(_logger, socket.LocalEndPoint, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task ResolveAsync(string host, int port)
    {
        try
        {
            for (var pause = TimeSpan.FromSeconds(1); !_stop.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                try
                {
                    var addresses = _options.Resolve is { } resolve ? await resolve(host, _stop.Token) : await System.Net.Dns.GetHostAddressesAsync(host, _stop.Token);
                    foreach (var address in addresses) await PostAsync(AddSeed(new NetEndPoint(address, port), configured: true), _stop.Token);
                    if (addresses.Length > 0) return;
                }
                catch (SocketException e)
                {
                    LogUnresolved(_logger, host, e.Message);
                }

                await Task.Delay(pause, _clock, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private Command AddSeed(NetEndPoint endPoint, bool configured) => now =>
    {
        foreach (var family in _families) family.Node.AddSeed(endPoint, configured, now, family.Outbox);
    };

    private void Begin(Search search, Hash160 key, TimeSpan now)
    {
        _searches.Add(search);
        search.StartedAt = now;
        foreach (var family in _families)
        {
            var lookup = family.Node.Find(key, now, family.Outbox);
            family.Searches.Add(lookup, search);
            search.Lookups.Add((family, lookup));
        }
    }

    private void Handle(in Mail mail)
    {
        var now = Now();
        if (mail.Command is { } command) command(now);
        else
        {
            _options.BytesReceived?.Invoke(mail.Received.Length);
            mail.Family!.Node.Handle(mail.Buffer.AsSpan(0, mail.Received.Length), mail.Received.From, mail.Received.Local, now, mail.Family.Outbox);
            ArrayPool<byte>.Shared.Return(mail.Buffer!);
        }

        foreach (var family in _families) Flush(family, now);
    }

    private void Tick(TimeSpan now)
    {
        foreach (var family in _families) family.Node.Tick(now, family.Outbox);
        foreach (var search in _searches) search.Settle(now);
        _searches.RemoveAll(s => s.Completion.Task.IsCompleted);
        Volatile.Write(ref _snapshot, TakeSnapshot(now));
    }

    private void Flush(DhtFamily family, TimeSpan now)
    {
        var outbox = family.Outbox;
        for (var i = 0; i < outbox.Count; i++)
        {
            var datagram = outbox.Datagram(i);
            var sender = outbox.To(i).Family == family.Node.Family ? family : _families.Find(f => f != family)!;
            sender.Route(outbox.To(i), outbox.Via(i)).Send(datagram, outbox.To(i), outbox.Via(i));
            _bytesSent += datagram.Length;
            _options.BytesSent?.Invoke(datagram.Length);
        }

        foreach (var told in outbox.Events) Take(family, told, now);
        outbox.Clear();
    }

    private void Take(DhtFamily family, DhtEvent told, TimeSpan now)
    {
        switch (told)
        {
            case PeerFound found when family.Searches.TryGetValue(found.Lookup, out var search):
                search.Found(found.Peer);
                break;
            case LookupEnded ended when family.Searches.TryGetValue(ended.Lookup, out var search):
                search.Ended(family, ended.Lookup, ended.Answered);
                search.Settle(now);
                break;
            case Announced announced when _announceWaits.TryGetValue(announced.Key, out var waits):
                waits.RemoveAll(w => w.Ended(family, announced.Result));
                if (waits.Count == 0) _announceWaits.Remove(announced.Key);
                break;
        }
    }

    private DhtSnapshot TakeSnapshot(TimeSpan now) => new()
    {
        Id = _id,
        Families = [.. _families.Select(f => f.Snapshot(now))],
        OwnKeys = _families[0].Node.Announcer.Count,
        Counters = _families.Aggregate(default(DhtCounters), (sum, f) => sum + f.Node.Counters),
        BytesSent = _bytesSent,
        BytesReceived = Interlocked.Read(ref _bytesReceived),
        Dropped = Interlocked.Read(ref _dropped),
    };

    private TimeSpan Now() => _clock.GetElapsedTime(_startedAt);

    private void Post(Command command)
    {
        if (!_mailbox.Writer.TryWrite(new Mail(command))) Track(PostAsync(command));
    }

    private async Task PostAsync(Command command)
    {
        try
        {
            await _mailbox.Writer.WriteAsync(new Mail(command), _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // Stopped meanwhile: nobody is left to do it.
        }
    }

    private async Task PostAsync(Command command, CancellationToken ct)
    {
        try
        {
            await _mailbox.Writer.WriteAsync(new Mail(command), ct);
        }
        catch (ChannelClosedException)
        {
            throw new OperationCanceledException("the DHT has stopped");
        }
    }

    private void Track(Task task)
    {
        lock (_tasksLock)
        {
            _tasks.RemoveAll(t => t.IsCompletedSuccessfully);
            _tasks.Add(task);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the DHT has stopped on an error of its own")]
    private static partial void LogFailed(ILogger logger, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the DHT no longer receives on {EndPoint}")]
    private static partial void LogSocketFailed(ILogger logger, NetEndPoint endPoint, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "bootstrap host {Host} is not resolved: {Reason}")]
    private static partial void LogUnresolved(ILogger logger, string host, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the saved DHT state is damaged or of a newer version; starting without it")]
    private static partial void LogStateUnreadable(ILogger logger);

    private readonly record struct Mail
    {
        public Mail(Command command) => Command = command;

        public Mail(DhtFamily family, byte[] buffer, ReceivedDatagram received) => (Family, Buffer, Received) = (family, buffer, received);

        public Command? Command { get; }

        public DhtFamily? Family { get; }

        public byte[]? Buffer { get; }

        public ReceivedDatagram Received { get; }
    }
}
