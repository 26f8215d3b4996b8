using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>
/// Announces torrents to their trackers: one loop owns a <see cref="TrackerSchedule"/> for each and feeds it commands, replies and ticks from one bounded mailbox; whoever finds it full waits.
/// Any thread may call; callbacks run on the loop and must not block. Runs from <see cref="Start"/> until it is disposed, and owns its client. Ending, it tells trackers that it leaves,
/// for a second in all.
/// </summary>
public sealed partial class TrackerService : IAsyncDisposable
{
    private const int MailboxSize = 1024;
    private const int MaxFarewells = 64;
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FarewellWithin = TimeSpan.FromSeconds(10);

    private readonly ITrackerClient _client;
    private readonly TrackerServiceOptions _options;
    private readonly TimeProvider _clock;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly List<TrackerHold> _torrents = [];
    private readonly CommandLoop _loop;
    private readonly CancellationTokenSource _asking = new();
    private readonly SemaphoreSlim _farewells = new(MaxFarewells);
    private readonly Lock _lock = new();
    private readonly List<Task> _tasks = [];
    private int _underWay;
    private int _disposed;

    private TrackerService(ITrackerClient client, TrackerServiceOptions options, TimeProvider clock, Random random, ILogger logger)
    {
        (_client, _options, _clock, _random, _logger) = (client, options, clock, random, logger);
        _loop = new CommandLoop(MailboxSize, TickEvery, clock, e => LogFailed(logger, e));
    }

    /// <param name="client">Owned from now on.</param>
    /// <param name="options">What is told of us.</param>
    /// <param name="clock">Its time.</param>
    /// <param name="random">For this service alone.</param>
    /// <param name="logger">Its log.</param>
    public static TrackerService Start(ITrackerClient client, TrackerServiceOptions options, TimeProvider clock, Random random, ILogger logger)
    {
        var service = new TrackerService(client, options, clock, random, logger);
        service._loop.Start(service.Tick);
        return service;
    }

    /// <summary>Announces a torrent until it is left.</summary>
    public TrackerHold Join(TrackedTorrent torrent)
    {
        TrackerHold hold;
        lock (_lock) hold = new TrackerHold(this, torrent, new Random(_random.Next()));
        Post(now =>
        {
            _torrents.Add(hold);
            Settle(hold, now);
        });
        return hold;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;

        using var limit = new CancellationTokenSource(_options.StopWithin, _clock);
        using (limit.Token.Register(_asking.Cancel))
        {
            var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Post(_ =>
            {
                foreach (var hold in _torrents.ToList()) Leave(hold, hold.Torrent.Counts());
                left.SetResult();
            });
            await Task.WhenAny(left.Task, _loop.Running);
            await FinishAsync();
        }

        await _asking.CancelAsync();
        await _loop.StopAsync();
        await FinishAsync();
        await _client.DisposeAsync();
        _farewells.Dispose();
        _asking.Dispose();
        _loop.Dispose();
    }

    internal void Add(TrackerHold hold, IReadOnlyList<Hash160> keys, IReadOnlyList<IReadOnlyList<TrackerUrl>> tiers) => Post(now =>
    {
        hold.Schedule.Add(keys, tiers);
        Settle(hold, now);
    });

    internal void Complete(TrackerHold hold) => Post(now =>
    {
        hold.Schedule.Complete();
        Settle(hold, now);
    });

    internal void LeaveLater(TrackerHold hold, AnnounceCounts last) => Post(_ => Leave(hold, last));

    private void Tick(TimeSpan now)
    {
        foreach (var hold in _torrents)
        {
            if (_underWay >= _options.MaxAsking) return;
            if (hold.DueAt <= now) Settle(hold, now);
        }
    }

    /// <summary>Begins what is due, as far as there is room, and publishes how it stands.</summary>
    private void Settle(TrackerHold hold, TimeSpan now)
    {
        while (!hold.IsLeft && _underWay < _options.MaxAsking && hold.Schedule.TryTake(now, out var turn))
        {
            _underWay++;
            hold.UnderWay[turn.Tracker] = Track(AskAsync(hold, turn, hold.Torrent.Counts()));
        }

        hold.DueAt = hold.Schedule.DueAt;
        hold.Snapshot = TrackerSnapshots.Of(hold.Schedule, _clock.GetUtcNow(), now);
    }

    private async Task AskAsync(TrackerHold hold, TrackerTurn turn, AnnounceCounts counts)
    {
        var tracker = turn.Tracker.Url;
        try
        {
            var replies = await Task.WhenAll(turn.Keys.Select(key => AnnounceAsync(hold, tracker, key, counts, _asking.Token)));
            await PostAsync(now => Ended(hold, turn, replies, now));
            if (replies.All(r => r.Failure is not null || r.Seeds is not null) || !replies.Any(r => r.Failure is null)) return;

            if (await _client.ScrapeAsync(tracker, [.. turn.Keys.Select(k => k.Key)], _asking.Token) is { } scraped) await PostAsync(now => Scraped(hold, turn.Tracker, scraped, now));
        }
        catch (OperationCanceledException)
        {
            // the node stops
        }
        catch (Exception e)
        {
            LogFailed(_logger, e); // ours: this tracker counts as one that failed, and the others go on
            var failed = turn.Keys.Select(_ => AnnounceReply.Failed("it could not be asked, by a fault of this program")).ToList();
            await PostAsync(now => Ended(hold, turn, failed, now));
        }
    }

    private Task<AnnounceReply> AnnounceAsync(TrackerHold hold, TrackerUrl tracker, KeyTurn turn, AnnounceCounts counts, CancellationToken ct) => _client.AnnounceAsync(
        tracker,
        new AnnounceRequest
        {
            Torrent = turn.Key,
            PeerId = hold.Torrent.PeerId ?? _options.PeerId,
            Port = hold.Torrent.Port,
            Counts = counts,
            Event = turn.Event,
            Wanted = turn.Event == AnnounceEvent.Stopped ? 0 : _options.Wanted,
            Key = hold.Key,
            TrackerId = turn.TrackerId,
        },
        ct);

    private void Ended(TrackerHold hold, TrackerTurn turn, IReadOnlyList<AnnounceReply> replies, TimeSpan now)
    {
        _underWay--;
        hold.UnderWay.Remove(turn.Tracker);
        hold.Schedule.Ended(turn, replies, hold.Torrent.Counts().LacksPeers, now);
        var peers = replies.SelectMany(r => r.Peers).Distinct().ToList();
        if (replies.FirstOrDefault(r => r.Failure is null) is { } good)
        {
            LogAnswered(_logger, turn.Tracker.Url, peers.Count, hold.Schedule.Keys[0]);
            if (good.Warning is { } warning) LogWarned(_logger, turn.Tracker.Url, warning);
        }
        else
        {
            LogNoHelp(_logger, turn.Tracker.Url, replies[0].Failure!);
        }

        if (hold.IsLeft) return;

        if (peers.Count > 0) hold.Torrent.OnPeers(peers);
        hold.Trouble = hold.Schedule.IsInTrouble ? TrackerSnapshots.Trouble(hold.Schedule) : null;
        Settle(hold, now);
    }

    private void Scraped(TrackerHold hold, TrackerState tracker, IReadOnlyList<ScrapeCounts?> counts, TimeSpan now)
    {
        if (counts.Max(c => c?.Seeds) is not { } seeds) return;

        (tracker.Seeds, tracker.Downloaders) = (seeds, counts.Max(c => c?.Downloaders));
        Settle(hold, now);
    }

    private void Leave(TrackerHold hold, AnnounceCounts last)
    {
        if (!_torrents.Remove(hold)) return;

        hold.IsLeft = true;
        foreach (var farewell in hold.Schedule.Stop()) Track(FarewellAsync(hold, farewell, hold.UnderWay.GetValueOrDefault(farewell.Tracker, Task.CompletedTask), last));
    }

    /// <summary>After what is under way, or the tracker might count us again.</summary>
    private async Task FarewellAsync(TrackerHold hold, TrackerFarewell farewell, Task underWay, AnnounceCounts last)
    {
        using var timeout = new CancellationTokenSource(FarewellWithin, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _asking.Token);
        try
        {
            await underWay.WaitAsync(either.Token);
            await _farewells.WaitAsync(either.Token);
            try
            {
                await SayAsync(farewell.OwesCompleted, AnnounceEvent.Completed);
                await SayAsync(farewell.Keys, AnnounceEvent.Stopped);
            }
            finally
            {
                _farewells.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // no time is left for it
        }

        Task SayAsync(IReadOnlyList<Hash160> keys, AnnounceEvent reason) => Task.WhenAll(keys.Select(key =>
            AnnounceAsync(hold, farewell.Tracker.Url, new KeyTurn(key, reason, farewell.Tracker.Ids.GetValueOrDefault(key)), last, either.Token)));
    }

    private void Post(Action<TimeSpan> command)
    {
        if (!_loop.TryPost(command)) Track(PostAsync(command));
    }

    private async Task PostAsync(Action<TimeSpan> command)
    {
        try
        {
            await _loop.PostAsync(command, _loop.Stopping);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // stopped meanwhile: nobody is left to do it
        }
    }

    private Task Track(Task task)
    {
        lock (_lock)
        {
            _tasks.RemoveAll(t => t.IsCompletedSuccessfully);
            _tasks.Add(task);
        }

        return task;
    }

    /// <summary>Waits for what is under way, and what comes of that.</summary>
    private async Task FinishAsync()
    {
        while (true)
        {
            Task[] tasks;
            lock (_lock) tasks = [.. _tasks.Where(t => !t.IsCompleted)];
            if (tasks.Length == 0) return;

            await Task.WhenAll(tasks);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "announcing to trackers met an error of its own")]
    private static partial void LogFailed(ILogger logger, Exception e);

    [LoggerMessage(Level = LogLevel.Debug, Message = "tracker {Tracker}: {Count} peer(s) of {Torrent}")]
    private static partial void LogAnswered(ILogger logger, TrackerUrl tracker, int count, Hash160 torrent);

    [LoggerMessage(Level = LogLevel.Debug, Message = "tracker {Tracker} says: {Warning}")]
    private static partial void LogWarned(ILogger logger, TrackerUrl tracker, string warning);

    [LoggerMessage(Level = LogLevel.Debug, Message = "tracker {Tracker} is of no help: {Reason}")]
    private static partial void LogNoHelp(ILogger logger, TrackerUrl tracker, string reason);
}
