using System.Threading.Channels;

namespace Shoal.Discovery;

/// <summary>
/// A loop that owns what its commands touch: it runs them one after the other, and a tick among them, from <see cref="Start"/> until it is stopped. Any thread may post; the mailbox
/// is bounded. An error of ours ends it and is told once.
/// </summary>
internal sealed class CommandLoop(int capacity, TimeSpan tickEvery, TimeProvider clock, Action<Exception> failed) : IDisposable
{
    private readonly long _startedAt = clock.GetTimestamp();
    private readonly Channel<Action<TimeSpan>> _mailbox = Channel.CreateBounded<Action<TimeSpan>>(new BoundedChannelOptions(capacity) { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private Task _ticking = Task.CompletedTask;

    /// <summary>Cancelled when it is being stopped.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Ends with the loop.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>Commands that wait.</summary>
    public int Waiting => _mailbox.Reader.Count;

    public void Start(Action<TimeSpan> tick)
    {
        Running = RunAsync();
        _ticking = TickAsync(tick);
    }

    /// <returns>False if there is no room.</returns>
    public bool TryPost(Action<TimeSpan> command) => _mailbox.Writer.TryWrite(command);

    /// <exception cref="OperationCanceledException">It is stopped, or the token was cancelled.</exception>
    /// <exception cref="ChannelClosedException">It has ended.</exception>
    public ValueTask PostAsync(Action<TimeSpan> command, CancellationToken ct) => _mailbox.Writer.WriteAsync(command, ct);

    /// <summary>Ends after the command that is running; what waits is dropped.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        _mailbox.Writer.TryComplete();
        await Running;
        await _ticking;
    }

    public void Dispose() => _stop.Dispose();

    private async Task RunAsync()
    {
        try
        {
            await Task.Yield();
            while (await _mailbox.Reader.WaitToReadAsync(_stop.Token))
                while (!_stop.IsCancellationRequested && _mailbox.Reader.TryRead(out var command)) command(clock.GetElapsedTime(_startedAt));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // asked to stop
        }
        catch (Exception e)
        {
            failed(e);
            throw;
        }
        finally
        {
            _mailbox.Writer.TryComplete();
        }
    }

    private async Task TickAsync(Action<TimeSpan> tick)
    {
        try
        {
            using var timer = new PeriodicTimer(tickEvery, clock);
            while (await timer.WaitForNextTickAsync(_stop.Token)) _mailbox.Writer.TryWrite(tick);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // asked to stop
        }
    }
}
