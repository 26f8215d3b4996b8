using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Announcing;

/// <summary>
/// Who is in a region: the nodes whose IDs share its first bits. As distance is XOR, each of them is closer to any key of the region than anybody outside,
/// so where eight are known and the map is whole, nobody else need be asked. A region with fewer grows by half the bits' next step.
/// What others tell is a claim and keeps nobody off the map: who answers stands under the ID that it answered with, and who does not makes room.
/// </summary>
internal sealed class RegionMap(Hash160 within, int bits)
{
    public const int MaxNodes = 512;

    private const int MaxHeard = 4 * MaxNodes;
    private const int MaxAside = 512;

    /// <summary>So many of a range of addresses are tried, one after the other, on the word of others.</summary>
    private const int MaxTriedOfRange = 8;

    private readonly Dictionary<NetEndPoint, RegionNode> _nodes = [];

    /// <summary>Who is outside, or has no room; and whether they have answered under that ID.</summary>
    private readonly Dictionary<NetEndPoint, (NodeId Id, bool IsProven)> _aside = [];
    private readonly Dictionary<NetEndPoint, Voice> _voices = [];
    private uint _places;

    public int Bits { get; private set; } = bits;

    public IReadOnlyCollection<RegionNode> Nodes => _nodes.Values;

    public int Live => _nodes.Values.Count(n => n.State == RegionNodeState.Live);

    /// <summary>How far the eighth closest to any place in the region is on average, as a share of the key space.</summary>
    public double Radius => RoutingTable.K / (Math.Max(Live, 1) * Math.Pow(2, Bits));

    private bool HasRoom => _nodes.Count < MaxNodes || (_nodes.Count < MaxHeard && _nodes.Values.Count(n => n.IsOpen) < MaxNodes);

    /// <summary>Hears of a node; null if it is known, or not of the region, or there is no room for it, as another of its range is tried.</summary>
    public RegionNode? Add(NodeId id, NetEndPoint endPoint)
    {
        var isAside = _aside.TryGetValue(endPoint, out var known);
        if (_nodes.ContainsKey(endPoint) || known.IsProven) return null;
        if (MayEnter(id, endPoint)) return Insert(id, endPoint);

        if (isAside ? Contains(id) : _aside.Count < MaxAside) _aside[endPoint] = (id, false);
        return null;
    }

    /// <summary>What an answer says about others.</summary>
    public void Add(NodeId self, NetEndPoint source, in KrpcMessage answer)
    {
        const int MaxTold = 2 * RoutingTable.K;
        var told = source.IsV6 ? answer.Nodes6 : answer.Nodes;
        for (var i = 0; i < MaxTold && told.TryNext(out var id, out var endPoint); i++)
            if (id != self && endPoint.Family == source.Family && endPoint.IsUsableFrom(source.Scope)) Add(id, endPoint);
    }

    /// <summary>Somebody has answered under this ID, whatever was told of them; null if that is not of the region, or another of their range has answered.</summary>
    public RegionNode? Prove(NodeId id, NetEndPoint endPoint)
    {
        var node = _nodes.GetValueOrDefault(endPoint);
        var isOutdone = VoiceOf(endPoint)?.Node is { IsProven: true } other && other.EndPoint != endPoint;
        if (isOutdone || !Contains(id))
        {
            if (node is not null)
            {
                _nodes.Remove(endPoint);
                GiveUp(node, RegionNodeState.Dead);
            }

            _aside[endPoint] = (id, true);
            return null;
        }

        node ??= Insert(id, endPoint);
        (node.Id, node.IsProven) = (id, true);
        if (VoiceOf(endPoint) is { } voice) voice.Node = node;
        return node;
    }

    /// <summary>It does not answer, or not as it should: whoever waits for its place is tried.</summary>
    public void GiveUp(RegionNode node, RegionNodeState state)
    {
        node.State = state;
        if (VoiceOf(node.EndPoint) is { } voice && voice.Node == node) voice.Node = null;
        TakeAside();
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
        TakeAside();
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

    private bool Contains(NodeId id) => (id.Value ^ within).LeadingZeros >= Bits;

    private bool MayEnter(NodeId id, NetEndPoint endPoint) =>
        Contains(id) && HasRoom && (VoiceOf(endPoint) is not { } voice || (voice.Node is null && voice.Tried < MaxTriedOfRange));

    /// <summary>That of its range, if it is global: others speak for themselves.</summary>
    private Voice? VoiceOf(NetEndPoint endPoint)
    {
        if (endPoint.Scope != NetworkScope.Global) return null;
        if (!_voices.TryGetValue(endPoint.Range, out var voice)) _voices.Add(endPoint.Range, voice = new Voice());
        return voice;
    }

    private RegionNode Insert(NodeId id, NetEndPoint endPoint)
    {
        var node = new RegionNode(id, endPoint);
        _nodes.Add(endPoint, node);
        _aside.Remove(endPoint);
        if (VoiceOf(endPoint) is { } voice) (voice.Node, voice.Tried) = (node, voice.Tried + 1);
        return node;
    }

    private void TakeAside()
    {
        foreach (var (endPoint, (id, _)) in _aside.ToArray())
            if (MayEnter(id, endPoint)) Insert(id, endPoint);
    }

    /// <summary>Who is heard of a range of addresses, as one owner may have all of it.</summary>
    private sealed class Voice
    {
        public RegionNode? Node { get; set; }

        public int Tried { get; set; }
    }
}
