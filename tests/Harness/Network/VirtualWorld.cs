using Microsoft.Extensions.Time.Testing;

namespace Shoal.Harness.Network;

/// <summary>
/// Runs shells in virtual time: everything awaited continues on one thread, which is drained to silence before the clock moves, and the clock moves
/// to whatever the network does next. The same seed gives the same run.
/// </summary>
public sealed class VirtualWorld(int seed)
{
    private static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(10);

    public VirtualNetwork Network { get; } = new(seed);

    public FakeTimeProvider Clock { get; } = new();

    /// <summary>Runs a scenario to its end, or throws when virtual time is up.</summary>
    public void Run(Func<Task> scenario, TimeSpan atMost)
    {
        var outer = SynchronizationContext.Current;
        var context = new QueueContext();
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            var task = scenario();
            while (true)
            {
                context.Drain();
                if (task.IsCompleted) break;
                if (Network.Now >= atMost) throw new TimeoutException($"not done after {atMost} of virtual time; seed {seed}");

                var step = Network.Now + LongestStep;
                if (Network.Next is { } next && next < step) step = next;
                var passed = step - Network.Now;
                Network.RunUntil(step);
                Clock.Advance(passed);
            }

            task.GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private sealed class QueueContext : SynchronizationContext
    {
        private readonly Queue<(SendOrPostCallback Callback, object? State)> _queue = new();
        private readonly Lock _lock = new();

        public override void Post(SendOrPostCallback d, object? state)
        {
            lock (_lock) _queue.Enqueue((d, state));
        }

        public override SynchronizationContext CreateCopy() => this;

        public void Drain()
        {
            while (true)
            {
                (SendOrPostCallback Callback, object? State) next;
                lock (_lock)
                {
                    if (!_queue.TryDequeue(out next)) return;
                }

                next.Callback(next.State);
            }
        }
    }
}
