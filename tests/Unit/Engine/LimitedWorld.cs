using Microsoft.Extensions.Time.Testing;
using Shoal.Engine.Limits;
using Xunit;

namespace Shoal.Unit.Engine;

/// <summary>
/// Connections that draw from limits as fast as they are let, in virtual time: each asks again the moment it was granted something. Checks at every grant that no limit let more go than its
/// rate and the tenth of a second that may go beyond it.
/// </summary>
/// <param name="grain">What the machine's timers are rounded up to.</param>
internal sealed class LimitedWorld(TimeSpan grain) : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Random _random = new(7);
    private readonly List<Consumer> _consumers = [];
    private readonly Dictionary<RateLimiter, Meter> _meters = [];
    private RateLimiter? _whole;

    public RateLimiter Whole(long rate) => Watch(_whole = new RateLimiter(rate, new CoarseClock(_clock, grain)));

    public RateLimiter Torrent(long rate) => Watch(new RateLimiter(rate, _whole!));

    public Consumer Connect(RateLimiter limiter, int wanted)
    {
        var consumer = new Consumer(limiter, wanted);
        _consumers.Add(consumer);
        return consumer;
    }

    public void Idle(TimeSpan time)
    {
        _clock.Advance(time);
        foreach (var meter in _meters.Values) meter.Rest();
    }

    /// <summary>Lets time pass, at most that much at a time.</summary>
    public void Run(TimeSpan time, TimeSpan step)
    {
        for (var left = time; left > TimeSpan.Zero; left -= step)
        {
            _clock.Advance(left < step ? left : step);
            Drain();
        }
    }

    /// <summary>Lets time pass; who is let go meanwhile comes back at its end.</summary>
    public void RunLate(TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(1);
        for (var left = time; left > TimeSpan.Zero; left -= step)
        {
            _clock.Advance(step);
            foreach (var consumer in _consumers) Collect(consumer);
        }

        Drain();
    }

    public void Drain()
    {
        for (var hasMoved = true; hasMoved;)
        {
            hasMoved = false;
            foreach (var consumer in _consumers.OrderBy(_ => _random.Next()).ToList()) // who comes back first is chance
            {
                consumer.Ask();
                hasMoved |= Collect(consumer);
            }
        }
    }

    public long Of(RateLimiter limiter) => _meters[limiter].Total;

    public void Dispose() => _whole?.Dispose();

    private bool Collect(Consumer consumer)
    {
        if (!consumer.TryCollect(out var bytes)) return false;

        foreach (var (limiter, meter) in _meters)
        {
            if (limiter == consumer.Limiter || limiter == _whole) meter.Add(bytes, limiter.BytesPerSecond, _clock.GetTimestamp(), _clock.TimestampFrequency);
        }

        return true;
    }

    private RateLimiter Watch(RateLimiter limiter)
    {
        _meters.Add(limiter, new Meter());
        return limiter;
    }

    internal sealed class Consumer(RateLimiter limiter, int wanted)
    {
        private ValueTask<int>? _asked;

        public RateLimiter Limiter => limiter;

        public long Total { get; private set; }

#pragma warning disable CA2012 // kept until it is completed, and taken once
        public void Ask() => _asked ??= limiter.TakeAsync(wanted);

        public bool TryCollect(out int bytes)
        {
            bytes = 0;
            if (_asked is not { IsCompleted: true } asked) return false;

            bytes = asked.GetAwaiter().GetResult();
            _asked = null;
#pragma warning restore CA2012
            Total += bytes;
            return true;
        }
    }

    /// <summary>How far a flow is beyond its rate, as a leaking bucket shows it.</summary>
    private sealed class Meter
    {
        private double _beyond;
        private long _last;

        public long Total { get; private set; }

        public void Rest() => _beyond = 0;

        public void Add(int bytes, long rate, long now, long frequency)
        {
            Total += bytes;
            if (rate == 0) return;

            _beyond = Math.Max(0, _beyond - (now - _last) / (double)frequency * rate) + bytes;
            _last = now;
            Assert.True(_beyond <= rate * 0.101 + 1, // seen a millisecond late
                $"{_beyond} bytes at once at {rate} bytes a second");
        }
    }

    /// <summary>Timers that are as coarse as the machine's: 15.6 ms on Windows.</summary>
    private sealed class CoarseClock(FakeTimeProvider inner, TimeSpan grain) : TimeProvider
    {
        public override long TimestampFrequency => inner.TimestampFrequency;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new CoarseTimer(inner.CreateTimer(callback, state, Up(dueTime), Up(period)), Up);

        private TimeSpan Up(TimeSpan time) => time <= TimeSpan.Zero ? time : TimeSpan.FromTicks((time.Ticks + grain.Ticks - 1) / grain.Ticks * grain.Ticks);

        private sealed class CoarseTimer(ITimer timer, Func<TimeSpan, TimeSpan> up) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(up(dueTime), up(period));

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
