namespace Shoal.Node.Commands;

/// <summary>Cancels when nothing has moved for a given time, and knows whether anything ever came.</summary>
internal sealed class StallWatch : IDisposable
{
    private readonly CancellationTokenSource _cancel = new();
    private readonly TimeProvider _clock;
    private readonly TimeSpan? _limit;
    private readonly ITimer? _timer;
    private long _last;

    /// <param name="seconds">Null for no limit.</param>
    public StallWatch(double? seconds, TimeProvider clock)
    {
        _clock = clock;
        _last = clock.GetTimestamp();
        if (seconds is not { } limit) return;

        _limit = TimeSpan.FromSeconds(limit);
        var period = TimeSpan.FromSeconds(Math.Clamp(limit / 10, 0.05, 1));
        _timer = clock.CreateTimer(_ => Check(), null, period, period);
    }

    public CancellationToken Token => _cancel.Token;

    public bool HasStalled => _cancel.IsCancellationRequested;

    /// <summary>Whether anything came from the network.</summary>
    public bool EverReceived { get; private set; }

    public void Moved() => Volatile.Write(ref _last, _clock.GetTimestamp());

    public void Received()
    {
        EverReceived = true;
        Moved();
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _cancel.Dispose();
    }

    private void Check()
    {
        if (_clock.GetElapsedTime(Volatile.Read(ref _last)) < _limit) return;

        try
        {
            _cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // it ended meanwhile
        }
    }
}
