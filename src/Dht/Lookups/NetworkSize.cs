using Shoal.Core;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Lookups;

/// <summary>
/// An estimate of how many nodes the network has, from how close the closest to arbitrary targets are: the median over the latest lookups, so that a few
/// that were meddled with do not move it.
/// </summary>
internal sealed class NetworkSize
{
    private const int Samples = 15;

    private readonly double[] _samples = new double[Samples];
    private readonly double[] _sorted = new double[Samples];
    private int _count;

    /// <summary>Null before the first lookup has ended.</summary>
    public double? Nodes { get; private set; }

    /// <summary>A lookup has ended.</summary>
    /// <param name="lookup">With all that answered it.</param>
    public void Observe(Lookup lookup)
    {
        if (lookup.AnsweredCount == 0) return;

        // with the k-th closest of uniformly placed IDs at a share d of the space, (k - 1) / d is an unbiased estimate
        var nodes = lookup.Radius is > 0 and var radius ? (RoutingTable.K - 1) / radius : lookup.AnsweredCount;
        _samples[_count++ % Samples] = nodes;
        var held = Math.Min(_count, Samples);
        _samples.AsSpan(0, held).CopyTo(_sorted);
        _sorted.AsSpan(0, held).Sort();
        Nodes = _sorted[held / 2];
    }

    /// <summary>How many leading bits those share that have about so many nodes among them, or up to twice as many; 0 if unknown.</summary>
    public int RegionBits(int nodes) => Nodes is { } all && all > nodes ? Math.Min((int)Math.Log2(all / nodes), 60) : 0;
}
