using System.Diagnostics;
using System.Net;

namespace Shoal.DhtLoad;

/// <summary>A closed loop over some sources: each answer is followed by the next query, so that a slow node is asked less.</summary>
internal sealed class Load : IDisposable
{
    /// <summary>With every window full and no answer for so long, what is outstanding is lost.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly Source[] _sources;

    public Load(IPEndPoint node, Settings settings)
    {
        var random = new Random(1);
        _sources = [.. Enumerable.Range(0, settings.Sources).Select(_ => new Source(node, settings, random))];
    }

    public (long Sent, long Answered, TimeSpan Elapsed) Run(TimeSpan duration)
    {
        var (sent, answered) = (Sent, Answered);
        var clock = Stopwatch.StartNew();
        var heard = TimeSpan.Zero;
        while (clock.Elapsed < duration)
        {
            var moved = 0;
            foreach (var source in _sources) moved += source.Read() + source.Fill();

            if (moved > 0) heard = clock.Elapsed;
            else if (clock.Elapsed - heard > Patience)
            {
                foreach (var source in _sources) source.GiveUp();
                heard = clock.Elapsed;
            }
        }

        while (clock.Elapsed < duration + Patience) // what is still on its way
            foreach (var source in _sources) source.Read();
        foreach (var source in _sources) source.GiveUp();
        return (Sent - sent, Answered - answered, duration);
    }

    public void Dispose()
    {
        foreach (var source in _sources) source.Dispose();
    }

    private long Sent => _sources.Sum(s => s.Sent);

    private long Answered => _sources.Sum(s => s.Answered);
}
