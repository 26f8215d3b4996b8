using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Announcing;

/// <summary>
/// Who is in a region: the nodes whose IDs share its first bits. As distance is XOR, each of them is closer to any key of the region than anybody outside,
/// so where eight are known and the map is whole, nobody else need be asked. A region with fewer grows by half the bits' next step.
/// </summary>
internal sealed class RegionMap(Hash160 within, int bits)
{
    public const int MaxNodes = 512;

    private readonly Dictionary<NetEndPoint, RegionNode> _nodes = [];
    private readonly Dictionary<NetEndPoint, NodeId> _outside = [];
    private readonly HashSet<NetEndPoint> _voices = [];
    private uint _places;

    public int Bits { get; private set; } = bits;

    public IReadOnlyCollection<RegionNode> Nodes => _nodes.Values;

    public int Live => _nodes.Values.Count(n => n.State == RegionNodeState.Live);

    /// <summary>How far the eighth closest to any place in the region is on average, as a share of the key space.</summary>
    public double Radius => RoutingTable.K / (Math.Max(Live, 1) * Math.Pow(2, Bits));

    /// <summary>Hears of a node; null if it is known, or not of the region, or another of its range is.</summary>
    public RegionNode? Add(NodeId id, NetEndPoint endPoint)
    {
        if (_nodes.ContainsKey(endPoint) || _nodes.Count >= MaxNodes) return null;
        if ((id.Value ^ within).LeadingZeros < Bits)
        {
            if (_outside.Count < MaxNodes) _outside.TryAdd(endPoint, id);
            return null;
        }

        if (endPoint.Scope == NetworkScope.Global && !_voices.Add(endPoint.Range)) return null;

        var node = new RegionNode(id, endPoint);
        _nodes.Add(endPoint, node);
        return node;
    }

    /// <summary>What an answer says about others.</summary>
    public void Add(NodeId self, NetEndPoint source, in KrpcMessage answer, List<RegionNode> added)
    {
        const int MaxTold = 2 * RoutingTable.K;
        var told = source.IsV6 ? answer.Nodes6 : answer.Nodes;
        for (var i = 0; i < MaxTold && told.TryNext(out var id, out var endPoint); i++)
            if (id != self && endPoint.Family == source.Family && endPoint.IsUsableFrom(source.Scope) && Add(id, endPoint) is { } node) added.Add(node);
    }

    /// <summary>A place in the region to ask the next node about: one after the other they cover it ever more closely and evenly (van der Corput's sequence).</summary>
    public Hash160 NextPlace()
    {
        var place = within;
        for (var (bit, rest) = (Bits, _places++); rest != 0 && bit < Hash160.Bits; bit++, rest >>= 1)
            if ((rest & 1) != 0) place = place.Flip(bit);
        return place;
    }

    /// <summary>Takes in the region beside it, which makes it twice as large; false if it is everything already.</summary>
    public bool TryGrow()
    {
        if (Bits == 0) return false;

        Bits--;
        foreach (var (endPoint, id) in _outside.ToArray())
        {
            if ((id.Value ^ within).LeadingZeros < Bits) continue;

            _outside.Remove(endPoint);
            Add(id, endPoint);
        }

        return true;
    }

    /// <summary>The live nodes closest to a key to which it has not been given, closest first.</summary>
    public IEnumerable<RegionNode> Closest(RegionKey key, int count)
    {
        var closest = new List<(Hash160 Distance, RegionNode Node)>(count + 1);
        foreach (var node in _nodes.Values)
        {
            if (node.State != RegionNodeState.Live) continue;

            var distance = node.Id.Value ^ key.Key;
            if (closest.Count == count && distance >= closest[^1].Distance) continue;
            if (key.Given.Contains(node)) continue;

            var at = closest.Count;
            while (at > 0 && distance < closest[at - 1].Distance) at--;
            closest.Insert(at, (distance, node));
            if (closest.Count > count) closest.RemoveAt(count);
        }

        return closest.Select(c => c.Node);
    }
}
