using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Shoal.Core;

namespace Shoal.Discovery.Trackers.Udp;

/// <summary>
/// UDP trackers on real sockets: one loop owns a <see cref="UdpTrackerSession"/> and a connected socket for each tracker that was asked of late, and feeds them questions,
/// datagrams and ticks from one bounded mailbox; datagrams that find it full are dropped. Any thread may ask. Runs from <see cref="Start"/> until it is disposed.
/// </summary>
internal sealed partial class UdpTrackerService : IAsyncDisposable
{
    private const int BufferLength = 8 * 1024;
    private const int MaxWaitingDatagrams = 256;
    private const int MaxWaitingCommands = 1024;
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);

    private readonly LocalRoutes _routes;
    private readonly Random _random;
    private readonly Dictionary<NetEndPoint, Line> _lines = [];
    private readonly CommandLoop _loop;
    private readonly List<Task> _receiving = [];

    private UdpTrackerService(LocalRoutes routes, TimeProvider clock, Random random, ILogger logger)
    {
        (_routes, _random) = (routes, random);
        _loop = new CommandLoop(MaxWaitingDatagrams + MaxWaitingCommands, TickEvery, clock, e => LogFailed(logger, e));
    }

    /// <param name="routes">Where it goes out from.</param>
    /// <param name="clock">Its time.</param>
    /// <param name="random">For its loop alone.</param>
    /// <param name="logger">Its log.</param>
    public static UdpTrackerService Start(LocalRoutes routes, TimeProvider clock, Random random, ILogger logger)
    {
        var service = new UdpTrackerService(routes, clock, random, logger);
        service._loop.Start(service.Tick);
        return service;
    }

    /// <param name="tracker">Its endpoint.</param>
    /// <param name="request">What is said.</param>
    /// <param name="urlData">Path and query of its URL.</param>
    /// <param name="ct">Ends it early.</param>
    public async Task<AnnounceReply> AnnounceAsync(NetEndPoint tracker, AnnounceRequest request, string urlData, CancellationToken ct)
    {
        var ended = new TaskCompletionSource<AnnounceReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        return await AskAsync(tracker, new UdpAnnounce(request, urlData, reply => ended.TrySetResult(reply)), ended.Task, ct);
    }

    /// <returns>Null for no answer.</returns>
    public async Task<ScrapeCounts[]?> ScrapeAsync(NetEndPoint tracker, IReadOnlyList<Hash160> torrents, CancellationToken ct)
    {
        var ended = new TaskCompletionSource<ScrapeCounts[]?>(TaskCreationOptions.RunContinuationsAsynchronously);
        return await AskAsync(tracker, new UdpScrape(torrents, counts => ended.TrySetResult(counts)), ended.Task, ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (_loop.Stopping.IsCancellationRequested) return;

        await _loop.StopAsync();
        foreach (var line in _lines.Values) line.Dispose();
        await Task.WhenAll(_receiving);
        foreach (var line in _lines.Values) line.Session.Fail("the node stops");
    }

    private async Task<T> AskAsync<T>(NetEndPoint tracker, UdpQuestion question, Task<T> ended, CancellationToken ct)
    {
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(_loop.Stopping, ct);
        try
        {
            await _loop.PostAsync(now => Ask(tracker, question, now), stopped.Token);
            return await ended.WaitAsync(stopped.Token);
        }
        catch (ChannelClosedException)
        {
            throw new OperationCanceledException("the node stops");
        }
        finally
        {
            if (!ended.IsCompleted) _loop.TryPost(_ => _lines.GetValueOrDefault(tracker)?.Session.Forget(question)); // else it ends by itself
        }
    }

    private void Ask(NetEndPoint tracker, UdpQuestion question, TimeSpan now)
    {
        if (!_lines.TryGetValue(tracker, out var line))
        {
            if (Open(tracker, out var trouble) is not { } opened)
            {
                question.Fail(trouble);
                return;
            }

            _lines.Add(tracker, line = opened);
        }

        line.UsedAt = now;
        line.Session.Ask(question, now);
    }

    private Line? Open(NetEndPoint tracker, out string trouble)
    {
        trouble = "";
        var socket = new Socket(tracker.Family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (_routes.LocalFor(tracker.Family) is { } local) socket.Bind(new IPEndPoint(local, 0));
            socket.Connect(tracker.ToIPEndPoint()); // from now on only the tracker's datagrams come
        }
        catch (SocketException e)
        {
            socket.Dispose();
            trouble = LocalRoutes.Sentence(e.SocketErrorCode);
            return null;
        }

        var line = new Line(socket);
        line.Session = new UdpTrackerSession(tracker.IsV6, UdpTrackerSession.DefaultPatience, _random, line.Send);
        _receiving.RemoveAll(t => t.IsCompleted);
        _receiving.Add(ReceiveAsync(line));
        return line;
    }

    /// <summary>A tracker of which nothing is wanted is forgotten once its connection ID is worth nothing.</summary>
    private void Tick(TimeSpan now)
    {
        foreach (var (tracker, line) in _lines)
        {
            line.Session.Tick(now);
            if (!line.Session.IsIdle) line.UsedAt = now;
            else if (now - line.UsedAt >= UdpTrackerSession.ConnectionLife)
            {
                _lines.Remove(tracker);
                line.Dispose();
            }
        }
    }

    private async Task ReceiveAsync(Line line)
    {
        var buffer = new byte[BufferLength];
        while (true)
        {
            try
            {
                var length = await line.Socket.ReceiveAsync(buffer, SocketFlags.None);
                if (_loop.Waiting >= MaxWaitingDatagrams) continue;

                var datagram = buffer[..length];
                _loop.TryPost(now => line.Session.Handle(datagram, now));
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset or SocketError.HostUnreachable or SocketError.NetworkUnreachable)
            {
                var reason = LocalRoutes.Sentence(SocketError.ConnectionRefused == e.SocketErrorCode || e.SocketErrorCode == SocketError.ConnectionReset ? SocketError.ConnectionRefused : e.SocketErrorCode);
                _loop.TryPost(_ => line.Session.Fail(reason));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // closed, by us or by the machine; what is open is given up in its time
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "UDP trackers are not asked any more, on an error of our own")]
    private static partial void LogFailed(ILogger logger, Exception e);

    /// <summary>A tracker, and the socket that speaks with it alone.</summary>
    private sealed class Line(Socket socket) : IDisposable
    {
        public Socket Socket => socket;

        public UdpTrackerSession Session { get; set; } = null!;

        public TimeSpan UsedAt { get; set; }

        public void Send(ReadOnlySpan<byte> datagram)
        {
            try
            {
                socket.Send(datagram);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // as good as lost on the way; a refusal is also told to whoever receives
            }
        }

        public void Dispose() => socket.Dispose();
    }
}
