using Shoal.Core;
using Shoal.Node.Network;

namespace Shoal.Node.Torrents;

/// <summary>Announces files and chunks of what is served under their own names, as the level says, and withdraws what is served no longer. Looks once a second whether other torrents are served, and twice a minute at the pieces that came.</summary>
internal sealed class NameAnnouncer(SwarmTable swarms, NodeNetwork network, AnnounceLevel level, TimeProvider clock) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Each new key costs a lookup, unless it goes with others of its region: a download is told of in few steps.</summary>
    private static readonly TimeSpan WhileItComes = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<Hash160, bool> _announced = [];
    private Task _running = Task.CompletedTask;

    public void Start()
    {
        if (level >= AnnounceLevel.Files && network.Port != 0) _running = RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var last = (Served: -1, Torrents: -1, Pieces: -1L);
        var plannedAt = clock.GetTimestamp();
        try
        {
            while (true)
            {
                var (served, torrents) = await swarms.ServedAsync();
                var now = (Served: served.Count, Torrents: torrents.Count, Pieces: served.Sum(s => (long)s.Present.Count));
                var isDue = (now.Served, now.Torrents) != (last.Served, last.Torrents) || (now.Pieces != last.Pieces && clock.GetElapsedTime(plannedAt) >= WhileItComes);
                if (isDue)
                {
                    Announce(AnnouncePlan.Of(served, torrents, level), torrents);
                    (last, plannedAt) = (now, clock.GetTimestamp());
                }

                await Task.Delay(Pause, clock, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // the node stops
        }
    }

    private void Announce(Dictionary<Hash160, bool> plan, HashSet<Hash160> torrents)
    {
        foreach (var gone in _announced.Keys.Where(k => !plan.ContainsKey(k)).ToList())
        {
            _announced.Remove(gone);
            if (!torrents.Contains(gone)) network.Dht.Withdraw(gone);
        }

        foreach (var isWhole in (bool[])[true, false])
        {
            var keys = plan.Where(p => p.Value == isWhole && (!_announced.TryGetValue(p.Key, out var before) || before != isWhole)).Select(p => p.Key).ToList();
            if (keys.Count == 0) continue;

            network.Dht.Announce(keys, network.Port, isWhole);
            foreach (var key in keys) _announced[key] = isWhole;
        }
    }
}
