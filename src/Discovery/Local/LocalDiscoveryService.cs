using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Discovery.Sockets;

namespace Shoal.Discovery.Local;

/// <summary>
/// Local discovery on real or virtual sockets: one loop owns a <see cref="LocalDiscovery"/> and feeds it datagrams, commands and ticks from one bounded mailbox;
/// datagrams that find it full are dropped. Every member may be called from any thread; callbacks run on the loop and must not block. Runs from
/// <see cref="Start"/> until it is disposed, and owns its sockets.
/// </summary>
public sealed partial class LocalDiscoveryService : ILocalEffects, IAsyncDisposable
{
    private const int BufferLength = 2048; // what is longer than an announcement may be is seen to be so
    private const int MaxWaitingDatagrams = 256;
    private const int MaxWaitingCommands = 1024;

    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromMinutes(1);

    private readonly IReadOnlyList<IMulticastSocket> _sockets;
    private readonly LocalDiscoveryOptions _options;
    private readonly Action<NetEndPoint> _onNode;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly long _startedAt;
    private readonly LocalDiscovery _core;
    private readonly Dictionary<Hash160, List<Action<NetEndPoint>>> _listeners = [];
    private readonly byte[] _outgoing = new byte[Announcement.MaxLength];
    private readonly Channel<Mail> _mailbox = Channel.CreateBounded<Mail>(new BoundedChannelOptions(MaxWaitingDatagrams + MaxWaitingCommands) { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _tasksLock = new();
    private readonly List<Task> _tasks = [];
    private TimeSpan _refreshAt;
    private int _disposed;

    private LocalDiscoveryService(
        IReadOnlyList<IMulticastSocket> sockets, LocalDiscoveryOptions options, Action<NetEndPoint> onNode, TimeProvider clock, Random random, ILogger logger)
    {
        (_sockets, _options, _onNode, _clock, _logger) = (sockets, options, onNode, clock, logger);
        _startedAt = clock.GetTimestamp();
        _core = new LocalDiscovery(options, random, this, TimeSpan.Zero);
    }

    private delegate void Command(TimeSpan now);

    /// <param name="sockets">One for each address family; owned by the service from now on.</param>
    /// <param name="options">What it tells of us.</param>
    /// <param name="onNode">Told of DHT nodes of the local network, each again and again.</param>
    /// <param name="clock">Its time.</param>
    /// <param name="random">For its loop alone.</param>
    /// <param name="logger">Its log.</param>
    public static LocalDiscoveryService Start(
        IReadOnlyList<IMulticastSocket> sockets, LocalDiscoveryOptions options, Action<NetEndPoint> onNode, TimeProvider clock, Random random, ILogger logger)
    {
        var service = new LocalDiscoveryService(sockets, options, onNode, clock, random, logger);
        service.Track(service.RunAsync());
        service.Track(service.TickAsync());
        foreach (var socket in sockets) service.Track(service.ReceiveAsync(socket));
        return service;
    }

    /// <summary>Tells of peers of a torrent, each again and again, and says of it what the interest allows, until the result is disposed.</summary>
    public IDisposable Join(Hash160 torrent, LocalInterest interest, Action<NetEndPoint> onPeer)
    {
        var hold = new Hold(this, torrent, interest, onPeer);
        Post(now =>
        {
            if (!_listeners.TryGetValue(torrent, out var listeners)) _listeners.Add(torrent, listeners = []);
            listeners.Add(onPeer);
            _core.Join(torrent, interest, now);
        });
        return hold;
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

    void ILocalEffects.Send(Announcement announcement)
    {
        foreach (var socket in _sockets)
        {
            var length = AnnouncementWriter.Write(announcement, socket.Family, _outgoing);
            var times = socket.Send(_outgoing.AsSpan(0, length));
            if (times > 0) _options.BytesSent?.Invoke(length * times);
        }
    }

    void ILocalEffects.PeerHeard(Hash160 torrent, NetEndPoint peer)
    {
        foreach (var listener in _listeners.GetValueOrDefault(torrent) ?? []) listener(peer);
    }

    void ILocalEffects.NodeHeard(NetEndPoint node) => _onNode(node);

    private async Task RunAsync()
    {
        try
        {
            await Task.Yield();
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
        }
    }

    private async Task TickAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(TickEvery, _clock);
            do _mailbox.Writer.TryWrite(new Mail(Tick));
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private async Task ReceiveAsync(IMulticastSocket socket)
    {
        var buffer = new byte[BufferLength];
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                var heard = await socket.ReceiveAsync(buffer, _stop.Token);
                if (_mailbox.Reader.Count < MaxWaitingDatagrams) _mailbox.Writer.TryWrite(new Mail(socket, buffer[..heard.Length], heard.From));
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
        catch (SocketException e)
        {
            LogDeaf(_logger, socket.Family, e.Message);
        }
    }

    private void Handle(in Mail mail)
    {
        var now = _clock.GetElapsedTime(_startedAt);
        if (mail.Command is { } command) command(now);
        else
        {
            _options.BytesReceived?.Invoke(mail.Datagram!.Length);
            _core.Handle(mail.Datagram, mail.From, mail.Socket!.IsOnLink(mail.From), now);
        }
    }

    private void Tick(TimeSpan now)
    {
        if (now >= _refreshAt)
        {
            _refreshAt = now + RefreshEvery;
            var isMore = false;
            foreach (var socket in _sockets) isMore |= socket.Refresh();
            if (isMore) _core.Arrive(now);
        }

        _core.Tick(now);
    }

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

    private void Track(Task task)
    {
        lock (_tasksLock)
        {
            _tasks.RemoveAll(t => t.IsCompletedSuccessfully);
            _tasks.Add(task);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "local discovery has stopped on an error of its own")]
    private static partial void LogFailed(ILogger logger, Exception e);

    [LoggerMessage(Level = LogLevel.Debug, Message = "nothing more is heard of the local network over {Family}: {Reason}")]
    private static partial void LogDeaf(ILogger logger, AddressFamily family, string reason);

    private readonly record struct Mail
    {
        public Mail(Command command) => Command = command;

        public Mail(IMulticastSocket socket, byte[] datagram, NetEndPoint from) => (Socket, Datagram, From) = (socket, datagram, from);

        public Command? Command { get; }

        public IMulticastSocket? Socket { get; }

        public byte[]? Datagram { get; }

        public NetEndPoint From { get; }
    }

    private sealed class Hold(LocalDiscoveryService service, Hash160 torrent, LocalInterest interest, Action<NetEndPoint> onPeer) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) != 0) return;

            service.Post(_ =>
            {
                service._core.Leave(torrent, interest);
                if (!service._listeners.TryGetValue(torrent, out var listeners)) return;

                listeners.Remove(onPeer);
                if (listeners.Count == 0) service._listeners.Remove(torrent);
            });
        }
    }
}
