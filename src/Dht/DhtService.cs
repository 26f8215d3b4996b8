using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Dht.Items;
using Shoal.Dht.Queries;
using Shoal.Dht.Sockets;

namespace Shoal.Dht;

/// <summary>
/// The Mainline DHT on real or virtual sockets: one loop owns a <see cref="DhtNode"/> for each socket (BEP 32, 45) and feeds them commands and ticks from one bounded
/// mailbox, and the datagrams that wait at each socket; those that find too many waiting are dropped and counted. Every member may be called from any thread; callbacks run on the loop and must not block.
/// Runs from <see cref="Start"/> until it is disposed, and owns its sockets.
/// </summary>
public sealed partial class DhtService : IAsyncDisposable
{
    private const int MaxWaitingCommands = 1024;

    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Between the beginnings of one lookup at several addresses of a family (BEP 45).</summary>
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    private readonly DhtOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly long _startedAt;
    private readonly IReadOnlyList<NetEndPoint> _restored;
    private readonly List<BoundNode> _nodes = [];
    private readonly HostNames _hosts;
    private readonly Dictionary<Hash160, List<AnnounceWait>> _announceWaits = [];
    private readonly List<Wish> _wishes = [];
    private readonly List<(TimeSpan At, Command Begin)> _later = [];
    private readonly Channel<Mail> _mailbox;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _tasksLock = new();
    private readonly List<Task> _tasks = [];
    private readonly DhtMetrics _metrics;
    private DhtSnapshot _snapshot;
    private long _bytesSent;
    private long _bytesReceived;
    private long _dropped;
    private int _disposed;

    private DhtService(IReadOnlyList<IDatagramSocket> sockets, DhtOptions options, TimeProvider clock, Random random, ILogger logger)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sockets.Count);
        (_options, _clock, _logger) = (options, clock, logger);
        _startedAt = clock.GetTimestamp();
        _mailbox = Channel.CreateBounded<Mail>(new BoundedChannelOptions(MaxWaitingCommands + sockets.Count) { SingleReader = true });
        _hosts = new HostNames(options.Resolve ?? Dns.GetHostAddressesAsync, AddResolved, logger);

        var state = Restore();
        _restored = state.EndPoints;
        var limits = new DhtNodeOptions { ReadOnly = options.ReadOnly };
        var budget = new SendBudget(options.SendLimit);
        foreach (var socket in sockets)
        {
            var saved = state.Nodes.FirstOrDefault(n => n.At.SameAddress(socket.LocalEndPoint) && !_nodes.Exists(b => b.Node.Id == n.Id));
            var id = saved.Id == default ? NodeId.Random(random) : saved.Id;
            _nodes.Add(new BoundNode(socket, new DhtNode(id, socket.LocalEndPoint.Family, limits, random, TimeSpan.Zero, budget), options.MaxWaitingDatagrams));
        }

        var downtime = clock.GetUtcNow() - state.SavedAt;
        foreach (var bound in _nodes)
        {
            bound.Node.Announcer.Remember(state.Announcements.Where(a => downtime >= TimeSpan.Zero).Select(a => a with { Age = a.Age + downtime }), TimeSpan.Zero);
            bound.Sibling = _nodes.Find(o => o.Node.Family != bound.Node.Family && o.Socket.LocalEndPoint.Scope == bound.Socket.LocalEndPoint.Scope)
                ?? _nodes.Find(o => o.Node.Family != bound.Node.Family);
            if (bound.Sibling is { } sibling) bound.Node.PairWith(sibling.Node);
        }

        _snapshot = TakeSnapshot(TimeSpan.Zero);
        _metrics = new DhtMetrics(() => Snapshot);
    }

    private delegate void Command(TimeSpan now);

    /// <summary>Where it listens.</summary>
    public IReadOnlyList<NetEndPoint> LocalEndPoints => [.. _nodes.Select(n => n.Socket.LocalEndPoint)];

    /// <summary>As of the last tick.</summary>
    public DhtSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <param name="sockets">At least one, bound; owned by the service from now on. Each is a node of its own.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="clock">Its time.</param>
    /// <param name="random">For its loop alone; <see cref="SecureRandom"/> outside of simulations.</param>
    /// <param name="logger">Its log.</param>
    public static DhtService Start(IReadOnlyList<IDatagramSocket> sockets, DhtOptions options, TimeProvider clock, Random random, ILogger logger)
    {
        var service = new DhtService(sockets, options, clock, random, logger);
        service.Track(service.RunAsync());
        service.Track(service.TickAsync());
        foreach (var node in service._nodes) service.Track(service.ReceiveAsync(node));
        foreach (var endPoint in service._restored) service.AddContact(endPoint);
        return service;
    }

    /// <summary>Somebody to begin from, for as long as it runs; a host's name is resolved, and again while that fails or nobody answers there.</summary>
    public void AddBootstrap(string host, int port)
    {
        if (IPAddress.TryParse(host, out var address)) AddBootstrap(new NetEndPoint(address, port));
        else Post(now =>
        {
            _hosts.Add(host, port, configured: true);
            ResolveDue(now);
        });
    }

    /// <inheritdoc cref="AddBootstrap(string, int)"/>
    public void AddBootstrap(NetEndPoint endPoint) => Post(AddSeed(endPoint, configured: true));

    /// <summary>Somebody who may be a node, by the word of a peer or an earlier run (BEP 5, PORT): believed once it answers.</summary>
    public void AddContact(NetEndPoint endPoint) => _mailbox.Writer.TryWrite(new Mail(AddSeed(endPoint, configured: false)));

    /// <summary>
    /// Somebody who may be a node, by the word of a file that anybody may have made: believed once it answers, and never contacted if its address reaches
    /// less far than ours, as with what a contact tells. A host's name is resolved once.
    /// </summary>
    public void AddContact(string host, int port)
    {
        if (IPAddress.TryParse(host, out var address)) AddHint(new NetEndPoint(address, port));
        else Post(now =>
        {
            _hosts.Add(host, port, configured: false);
            ResolveDue(now);
        });
    }

    /// <summary>
    /// Looks for peers of a key until the closest contacts have answered. While no contact is known it waits for one, for as long as the token allows.
    /// Our own announcement is not found, unless others tell of it.
    /// </summary>
    /// <param name="key">What they announce under.</param>
    /// <param name="onPeer">Called on the loop for each new peer.</param>
    /// <param name="ct">Gives up.</param>
    public Task<FindResult> FindPeersAsync(Hash160 key, Action<FoundPeer> onPeer, CancellationToken ct) => FindPeersAsync(key, scrape: false, onPeer, ct);

    /// <summary>As the other, and asks how many there are as well, if that is wished (BEP 33).</summary>
    /// <param name="key">What they announce under.</param>
    /// <param name="scrape">Whether to ask how many seeds and downloaders there are.</param>
    /// <param name="onPeer">Called on the loop for each new peer.</param>
    /// <param name="ct">Gives up.</param>
    public Task<FindResult> FindPeersAsync(Hash160 key, bool scrape, Action<FoundPeer> onPeer, CancellationToken ct) =>
        AskAllAsync(new Wish<FindEnded, FindResult>(Merge.Find, onPeer), (node, now) => node.Node.Find(key, now, node.Outbox, scrape), ct);

    /// <summary>Looks for an item (BEP 44): what comes back has proven itself, and is the newest of all that were found.</summary>
    /// <param name="target">Its hash, or that of its publisher's key and salt: <see cref="DhtItem.TargetOf(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>.</param>
    /// <param name="salt">The salt of a mutable one; else empty.</param>
    /// <param name="ct">Gives up.</param>
    public Task<GetItemResult> GetItemAsync(Hash160 target, ReadOnlyMemory<byte> salt, CancellationToken ct) =>
        AskAllAsync(new Wish<GetItemEnded, GetItemResult>(Merge.Get), (node, now) => node.Node.GetItem(target, salt, now, node.Outbox), ct);

    /// <summary>Puts an item where it belongs (BEP 44). Nodes forget it after two hours: put it again every hour for as long as it is to stay.</summary>
    /// <param name="item">What.</param>
    /// <param name="cas">The sequence number of the version that it is to replace; null for whatever is lower than its own.</param>
    /// <param name="ct">Gives up.</param>
    public Task<PutItemResult> PutItemAsync(DhtItem item, long? cas, CancellationToken ct) =>
        AskAllAsync(new Wish<PutItemEnded, PutItemResult>(Merge.Put), (node, now) => node.Node.PutItem(item, cas, now, node.Outbox), ct);

    /// <summary>Asks one node whether it is there; null if it does not answer within five seconds, or we have no address of its family.</summary>
    public async Task<PingResult?> PingAsync(NetEndPoint endPoint, CancellationToken ct)
    {
        var wish = new Wish<PingEnded, PingEnded>(ended => ended[0]);
        var asker = _nodes.Find(n => n.Node.Family == endPoint.Family && n.Socket.LocalEndPoint.Scope == endPoint.Scope) ?? _nodes.Find(n => n.Node.Family == endPoint.Family);
        if (asker is null) return null;

        return (await AskAsync(wish, now => wish.Add(asker, asker.Node.Ping(endPoint, now, asker.Outbox)), ct)).Result;
    }

    /// <summary>
    /// Announces that we are a peer of a key, now, again before it is forgotten, and sooner if too few nodes could take it; until it is withdrawn.
    /// From this moment on our own answers name us. Returns after the first round; no node at all took it if none is known yet.
    /// </summary>
    /// <param name="key">What to announce under.</param>
    /// <param name="tcpPort">Where we accept connections.</param>
    /// <param name="isSeed">Whether we have everything (BEP 33).</param>
    /// <param name="ct">Stops waiting, not announcing.</param>
    /// <param name="onChecked">Called on the loop once an independent lookup has looked for it.</param>
    public async Task<AnnounceResult> AnnounceAsync(Hash160 key, int tcpPort, bool isSeed, CancellationToken ct, Action<CheckResult>? onChecked = null)
    {
        ThrowUnlessPort(tcpPort);
        var wait = new AnnounceWait(_nodes, onChecked);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _stop.Token);
        using var cancelling = either.Token.UnsafeRegister(_ => wait.Completion.TrySetCanceled(ct), null);
        await PostAsync(
            now =>
            {
                if (!_announceWaits.TryGetValue(key, out var waits)) _announceWaits.Add(key, waits = []);
                waits.Add(wait);
                foreach (var node in _nodes) node.Node.Announce(key, tcpPort, now, node.Outbox, isSeed);
            },
            either.Token);

        return await wait.Completion.Task;
    }

    /// <summary>
    /// Announces many keys and does not wait: region by region of the key space, which costs a fraction of announcing each. What the run before announced
    /// on the same port is repeated only when it is due.
    /// </summary>
    /// <param name="keys">What to announce under.</param>
    /// <param name="tcpPort">Where we accept connections.</param>
    /// <param name="isSeed">Whether we have everything of them (BEP 33).</param>
    public void Announce(IReadOnlyCollection<Hash160> keys, int tcpPort, bool isSeed)
    {
        ThrowUnlessPort(tcpPort);
        Post(now =>
        {
            foreach (var node in _nodes)
            {
                foreach (var key in keys) node.Node.Announcer.Add(key, tcpPort, isSeed, atOnce: false, now);
                node.Node.Announcer.BeginDue(new Turn(now, node.Outbox));
            }
        });
    }

    public void Withdraw(Hash160 key) => Post(_ =>
    {
        foreach (var node in _nodes) node.Node.Withdraw(key);
        if (!_announceWaits.Remove(key, out var waits)) return;
        foreach (var wait in waits) wait.Completion.TrySetCanceled();
    });

    /// <summary>Node IDs, contacts and what was announced when, for <see cref="DhtOptions.SavedState"/> of the next run.</summary>
    public async Task<byte[]> SaveStateAsync(CancellationToken ct)
    {
        var saved = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _stop.Token);
        using var cancelling = either.Token.UnsafeRegister(_ => saved.TrySetCanceled(ct), null);
        await PostAsync(now => saved.TrySetResult(State(now).ToBytes()), either.Token);
        return await saved.Task;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;

        _stop.Cancel(); // CancelAsync would go through the thread pool, which no simulation can replay
        Task[] tasks;
        lock (_tasksLock) tasks = [.. _tasks];
        await Task.WhenAll(tasks);
        foreach (var node in _nodes) node.Socket.Dispose();
        _metrics.Dispose();
    }

    private static void ThrowUnlessPort(int port)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
    }

    private DhtState Restore()
    {
        if (DhtState.TryRead(_options.SavedState.Span, out var state)) return state;
        if (!_options.SavedState.IsEmpty) LogStateUnreadable(_logger);
        return new DhtState([], []);
    }

    private DhtState State(TimeSpan now)
    {
        var contacts = _nodes.SelectMany(n => n.Node.Table.Contacts).Where(c => c.IsUsable).OrderByDescending(c => c.LastSeen).Select(c => c.EndPoint);
        return new DhtState([.. _nodes.Select(n => new SavedNode(n.Socket.LocalEndPoint, n.Node.Id))], [.. contacts.Concat(_restored).Distinct().Take(DhtState.MaxEndPoints)])
        {
            SavedAt = _clock.GetUtcNow(),
            Announcements = [.. _nodes[0].Node.Announcer.Announced(now)],
        };
    }

    private Task<TResult> AskAllAsync<TEvent, TResult>(Wish<TEvent, TResult> wish, Func<BoundNode, TimeSpan, int> begin, CancellationToken ct)
        where TEvent : DhtEvent
        where TResult : class =>
        AskAsync(
            wish,
            now =>
            {
                var delays = new Dictionary<AddressFamily, TimeSpan>();
                foreach (var node in _nodes)
                {
                    var delay = delays.GetValueOrDefault(node.Node.Family);
                    delays[node.Node.Family] = delay + Stagger;
                    if (delay == TimeSpan.Zero) wish.Add(node, begin(node, now));
                    else _later.Add((now + delay, at => Begin(wish, node, begin, at)));
                }
            },
            ct);

    private async Task<TResult> AskAsync<TEvent, TResult>(Wish<TEvent, TResult> wish, Command begin, CancellationToken ct)
        where TEvent : DhtEvent
        where TResult : class
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _stop.Token);
        using var cancelling = either.Token.UnsafeRegister(_ => wish.Completion.TrySetCanceled(ct), null);
        await PostAsync(
            now =>
            {
                _wishes.Add(wish);
                begin(now);
            },
            either.Token);
        return await wish.Completion.Task;
    }

    private static void Begin(Wish wish, BoundNode node, Func<BoundNode, TimeSpan, int> begin, TimeSpan now)
    {
        if (!wish.IsDone) wish.Add(node, begin(node, now));
    }

    private Command AddSeed(NetEndPoint endPoint, bool configured) => now =>
    {
        foreach (var node in _nodes) node.Node.AddSeed(endPoint, configured, now, node.Outbox);
    };

    private void AddHint(NetEndPoint endPoint) => Post(now =>
    {
        foreach (var node in _nodes)
        {
            var own = node.Socket.LocalEndPoint.Scope;
            if (endPoint.IsUsableFrom(own == NetworkScope.None ? NetworkScope.Global : own)) node.Node.AddSeed(endPoint, configured: false, now, node.Outbox); // bound to any address
        }
    });

    private void AddResolved(NetEndPoint endPoint, bool configured)
    {
        if (configured) AddBootstrap(endPoint);
        else AddHint(endPoint);
    }

    private void ResolveDue(TimeSpan now)
    {
        foreach (var resolving in _hosts.Due(_nodes.TrueForAll(n => n.Node.Table.Usable == 0), now, _stop.Token)) Track(resolving);
    }

    private DhtSnapshot TakeSnapshot(TimeSpan now) => new()
    {
        Nodes = [.. _nodes.Select(n => n.Snapshot(now))],
        OwnKeys = _nodes[0].Node.Announcer.Count,
        Counters = _nodes.Aggregate(default(DhtCounters), (sum, n) => sum + n.Node.Counters),
        Queries = QueryCounts.Of(_nodes),
        BytesSent = _bytesSent,
        BytesReceived = Interlocked.Read(ref _bytesReceived),
        Dropped = Interlocked.Read(ref _dropped),
    };
}
