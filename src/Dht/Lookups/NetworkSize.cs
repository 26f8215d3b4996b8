using Shoal.Core;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Lookups;

/// <summary>
/// An estimate of how many nodes the network has, from how close the closest to random targets are: the median over the latest lookups, so that a few
/// that were meddled with do not move it; never fewer than are known.
/// </summary>
/// <param name="known">How many contacts we have.</param>
internal sealed class NetworkSize(Func<int> known)
{
    private const int MaxSamples = 9;

    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(30);

    private readonly Queue<(TimeSpan At, double Nodes)> _samples = new();

    private double? _median;

    /// <summary>Null before the first lookup has ended.</summary>
    public double? Nodes => _median is { } median ? Math.Max(median, known()) : null;

    /// <summary>A lookup has ended.</summary>
    /// <param name="lookup">With all that answered it.</param>
    /// <param name="now">Now: what is older than half an hour does not count.</param>
    public void Observe(Lookup lookup, TimeSpan now)
    {
        if (lookup.AnsweredCount == 0) return;

        // with the k-th closest of uniformly placed IDs at a share d of the space, (k - 1) / d is an unbiased estimate
        _samples.Enqueue((now, lookup.Radius is > 0 and var radius ? (RoutingTable.K - 1) / radius : lookup.AnsweredCount));
        while (_samples.Count > MaxSamples || now - _samples.Peek().At > Fresh) _samples.Dequeue();
        _median = _samples.Select(s => s.Nodes).Order().ElementAt(_samples.Count / 2);
    }

    /// <summary>How many leading bits those share that have about so many nodes among them, or up to twice as many; 0 if unknown.</summary>
    public int RegionBits(int nodes) => Nodes is { } all && all > nodes ? Math.Min((int)Math.Log2(all / nodes), 60) : 0;
}
